export interface ServerEvent {
  name: string;
  data: string;
}

function parse(block: string): ServerEvent {
  const event = { name: 'message', data: '' };
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event.name = value ?? '';
    if (field === 'data') data.push(value ?? '');
  }
  return { ...event, data: data.join('\n') };
}

/** readEvents reads a stream of server-sent events; comments, which keep the connection alive, are skipped. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      pending = (pending + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n');
      const blocks = pending.split('\n\n');
      pending = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parse(block);
        if (event.name !== 'message' || event.data) yield event;
      }
    }
  } finally {
    await reader.cancel();
  }
}
