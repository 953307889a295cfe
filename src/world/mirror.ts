import type { PlatformConfig } from '../config/config.ts';
import { stateBucket, stateKey } from '../steps/names.ts';
import type { AwsWriter, TextFiles } from '../tools/ports.ts';
import type { LineFile } from '../tools/ports-engine.ts';

/** Copies what another machine needs to prove ownership beside the Terraform state: ledger and known hosts (the cluster id is there already). */
export async function mirrorLedger(
  config: PlatformConfig,
  aws: AwsWriter,
  files: TextFiles,
  ledger: LineFile,
): Promise<void> {
  if (config.state.kind === 'local') return;
  const { account } = await aws.caller();
  const bucket = stateBucket(config, account);
  const copies = [
    ['ledger.ndjson', await ledger.read()],
    ['known_hosts', await files.read(`${config.stateFolder}/known_hosts`)],
  ] as const;
  for (const [name, text] of copies)
    if (text !== undefined && text !== '') await aws.putObject(bucket, stateKey(config, name), text);
}
