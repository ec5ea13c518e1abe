import type { HistoryEntry } from '../../core/storage/storage';

/** What the headings of an export say. */
export type ExportNames = { title: string; from: string; moment: (at: number) => string; tasks: (ids: readonly string[]) => string };

/** One Markdown document of all entries. Texts of conversations are untrusted: none becomes a heading, a link or markup in it. */
export async function markdownOf(entries: AsyncIterable<HistoryEntry>, names: ExportNames): Promise<string> {
  const parts = [`# ${escaped(names.title)}\n`];
  for await (const { at, tasks, text, input } of entries) {
    const lines =
      input.kind === 'text' ? [input.text] : input.messages.map(message => (message.speaker === '' ? message.text : `${message.speaker}: ${message.text}`));
    const quoted = lines.flatMap(line => line.split(/\r\n|[\n\r\u2028\u2029]/)).map(line => `> ${escaped(line)}  `);
    parts.push(
      `## ${escaped(`${names.moment(at)} · ${names.tasks(tasks)}`)}\n`,
      `${paragraphs(text)}\n`,
      `${escaped(names.from)}:\n`,
      `${quoted.join('\n')}\n`,
    );
  }
  return parts.join('\n');
}

function paragraphs(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(line => escaped(line))
    .join('\n\n');
}

/** CommonMark 0.31, section 2.4: a backslash makes any ASCII punctuation literal. Leading white space would make code. */
function escaped(line: string): string {
  return line.trim().replace(/[!-/:-@[-`{-~]/g, character => (plain.has(character) ? character : `\\${character}`));
}

/** Punctuation that has no meaning in CommonMark. */
const plain = new Set([',', ':', ';', "'", '"', '?', '/', '%', '$']);
