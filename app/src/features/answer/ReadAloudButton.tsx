import { useEffect, useRef, useState } from 'react';

import { useMessages } from '../../i18n';
import { ActionButton } from '../../ui/ActionButton';

/** Reads an answer aloud in its language. */
export type Voice = { speak: (text: string) => Promise<void>; stop: () => void };

/** Starts and stops reading; what is no longer shown is no longer read. */
export function ReadAloudButton({ text, voice }: { text: string; voice: Voice }) {
  const { answer } = useMessages();
  const [reading, setReading] = useState(false);
  // Another answer may be read by now: only the own reading is stopped.
  const stop = useRef<() => void>(undefined);

  useEffect(() => () => stop.current?.(), []);

  const start = async () => {
    setReading(true);
    stop.current = voice.stop;
    await voice.speak(text);
    stop.current = undefined;
    setReading(false);
  };
  return reading ? (
    <ActionButton icon="stop" label={answer.stopReading} onPress={voice.stop} />
  ) : (
    <ActionButton icon="volume-high" label={answer.readAloud} disabled={text === ''} onPress={() => void start()} />
  );
}
