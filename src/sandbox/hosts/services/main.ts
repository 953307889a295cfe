import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../../tools/clock.ts';
import { textFiles } from '../../../tools/files.ts';
import { serveNames } from '../../dns/server.ts';
import { metadataAddress, nameServerAddress } from '../ranges.ts';
import { relayTo, serveFolder, serveMetadata } from './listeners.ts';
import { answerMetadata } from './metadata.ts';
import { ports } from './ports.ts';
import type { ServicesSettings } from './ports.ts';
import { lookUpInside } from './private-names.ts';
import { readView } from './view.ts';

// Usage: main.js FOLDER, with FOLDER/services.json; runs in the namespace of the router until it is ended.
const folder = process.argv[2] ?? '';
const settings = JSON.parse((await textFiles.read(join(folder, 'services.json'))) ?? '{}') as ServicesSettings;
const secret = randomBytes(16).toString('hex');
const look = () => readView(folder);

await Promise.all([
  serveNames(nameServerAddress, 53, async (name, type) => lookUpInside(await look(), name, type)),
  serveMetadata(metadataAddress, 80, async (from, call) => {
    const { instances } = await look();
    const instance = instances.find(({ privateAddress }) => privateAddress === from);
    return answerMetadata({ instance, now: systemClock.now(), secret }, call);
  }),
  serveFolder(settings.service, ports.debian, settings.packages),
  ...settings.relays.map(({ port, socket }) => relayTo(socket, settings.service, port)),
]);
process.stdout.write('services of the hosts are up\n');
