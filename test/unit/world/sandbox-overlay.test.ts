import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hostVariablesOf } from '../../../src/sandbox/hosts/facts.ts';
import { withSandbox } from '../../../src/world/sandbox-overlay.ts';
import { exampleConfig } from '../../helpers/configuration.ts';

const program = fileURLToPath(new URL('../../..', import.meta.url));
const mirrors = { charts: 'http://127.0.0.1:1/charts', manifests: 'http://127.0.0.1:1/manifests' };

describe('the configuration of a sandbox', () => {
  test('simulated machines: mirrors and the checksums of what they serve, nothing else', () => {
    const before = exampleConfig({ program });
    const { mirrors: given, versions, ...rest } = withSandbox(before, { mirrors });
    const { mirrors: _, versions: pinned, ...same } = before;
    expect(rest).toEqual(same);
    expect(given).toMatchObject(mirrors);
    expect(versions.containerd).toEqual(pinned.containerd);
  });

  test('hosts are given flannel as it is published, simulated machines the stand-in', () => {
    const before = exampleConfig({ program });
    const simulated = withSandbox(before, { mirrors });
    const real = withSandbox(before, { mirrors, hosts: { variables: {} } });
    expect(real.versions.cni.flannel).toEqual(before.versions.cni.flannel);
    expect(simulated.versions.cni.flannel).not.toEqual(before.versions.cni.flannel);
  });

  test('hosts: what is particular to them becomes variables of the roles, and containerd is the one of their Debian', () => {
    const variables = hostVariablesOf({ unified: false, mayLower: false, bridgeModule: false });
    const registries = { 'registry.k8s.io': 'http://203.0.113.3:8080' };
    const config = withSandbox(exampleConfig({ program }), {
      mirrors: { ...mirrors, apt: 'http://203.0.113.3:8080/apt/', registries },
      hosts: { variables },
    });
    expect(config.hostVariables).toEqual(variables);
    expect(config.versions.containerd).toEqual({ package: 'containerd', version: '1.6' });
    expect(config.mirrors).toMatchObject({ apt: 'http://203.0.113.3:8080/apt/', registries });
  });
});
