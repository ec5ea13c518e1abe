import type { ReadAloud } from '../../src/core/device';

/** How long a browser may take to tell its voices, in milliseconds. */
const PATIENCE = 1000;

/** The browser's own voices; those that a service on the network speaks with are not used. */
export function browserSpeech(speech: SpeechSynthesis): ReadAloud {
  return {
    speak: async (text, languageTag) => {
      speech.cancel();
      const language = languageOf(languageTag ?? navigator.language);
      const voice = (await voicesOf(speech)).find(({ localService, lang }) => localService && languageOf(lang) === language);
      if (!voice) return false;
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      return new Promise(resolve => {
        utterance.onend = () => {
          resolve(true);
        };
        utterance.onerror = ({ error }) => {
          resolve(error === 'canceled' || error === 'interrupted');
        };
        speech.speak(utterance);
      });
    },
    stop: () => {
      speech.cancel();
    },
  };
}

/** Some browsers tell their voices a while after the first question. */
function voicesOf(speech: SpeechSynthesis): Promise<SpeechSynthesisVoice[]> {
  const voices = speech.getVoices();
  if (voices.length > 0) return Promise.resolve(voices);
  return new Promise(resolve => {
    const told = () => {
      resolve(speech.getVoices());
    };
    speech.addEventListener('voiceschanged', told, { once: true });
    setTimeout(told, PATIENCE);
  });
}

/** Of a BCP-47 tag; some browsers part it by an underscore. */
function languageOf(tag: string): string {
  return (tag.split(/[-_]/)[0] ?? '').toLowerCase();
}
