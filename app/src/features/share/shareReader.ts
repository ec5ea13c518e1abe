import type { Core } from '../../core/contract';
import type { SharedItem, ShareInbox } from '../../core/device';
import { CoreError } from '../../core/errors';
import { fromMessages, fromText, type CurrentConversation } from '../conversation/conversation';
import type { Notices } from '../notice/notices';

/** Opens what other apps share with this one. Of several items that wait, the last is shown. */
export class ShareReader {
  private reading: Promise<void> | undefined;

  constructor(
    private readonly inbox: ShareInbox,
    private readonly core: Pick<Core, 'parseChat'>,
    private readonly conversation: CurrentConversation,
    private readonly notices: Notices,
  ) {}

  /** Reads what waits, now and whenever something comes; the returned function ends that. */
  start(): () => void {
    const read = () => {
      this.reading = (this.reading ?? Promise.resolve()).then(() => this.readAll());
    };
    read();
    return this.inbox.subscribe(read);
  }

  private async readAll(): Promise<void> {
    for (;;) {
      try {
        const item = await this.inbox.take();
        if (!item) return;
        await this.open(item);
      } catch (thrown) {
        // One file that cannot be read must not keep the others waiting; an inbox that fails would fail again.
        const error = CoreError.from(thrown);
        if (error.source !== 'input') {
          this.notices.show('failed');
          return;
        }
        this.notices.show({ refused: error });
      }
    }
  }

  private async open(item: SharedItem): Promise<void> {
    switch (item.kind) {
      case 'refused':
        this.notices.show({ refused: { source: 'input', kind: item.why } });
        return;
      case 'chat':
        if (item.messages.length === 0) this.notices.show('import-empty');
        else this.conversation.open(fromMessages(item.messages));
        return;
      case 'text': {
        // What was selected to be replaced is read as it stands, not as a chat.
        const messages = item.replace ? [] : await this.core.parseChat(item.text);
        const conversation = fromText(item.text, messages);
        this.conversation.open(item.replace ? { ...conversation, replace: item.replace } : conversation);
      }
    }
  }
}
