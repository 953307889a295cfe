const block = 512;

/** The content of one regular file in a tar archive (POSIX ustar, as release archives are); undefined when it is not there. */
export function fileInTar(archive: Buffer, name: string): Buffer | undefined {
  for (let offset = 0; offset + block <= archive.length; ) {
    const header = archive.subarray(offset, offset + block);
    const size = Number.parseInt(textAt(header, 124, 12), 8) || 0;
    const start = offset + block;
    const prefix = textAt(header, 345, 155);
    const path = prefix === '' ? textAt(header, 0, 100) : `${prefix}/${textAt(header, 0, 100)}`;
    const type = header[156];
    const isRegular = type === 0 || type === 0x30;
    if (isRegular && path === name)
      return start + size <= archive.length ? archive.subarray(start, start + size) : undefined;
    offset = start + Math.ceil(size / block) * block;
  }
  return undefined;
}

function textAt(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field
    .subarray(0, end === -1 ? length : end)
    .toString('utf8')
    .trim();
}
