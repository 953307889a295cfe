import { systemClock } from '../../tools/clock.ts';
import { albController } from './alb/alb-controller.ts';
import { argocdController } from './argocd/argocd-controller.ts';
import { calicoOperator } from './calico/calico-operator.ts';
import { certManager } from './cert-manager/cert-manager.ts';
import { ebsCsiDriver } from './ebs/ebs-csi-driver.ts';
import { rabbitmqOperator } from './rabbitmq/rabbitmq-operator.ts';
import { runControllers } from './run-controllers.ts';

// Started by the supervisor of a sandbox as its child; SIGTERM ends it within its running calls.
const environment = process.env;
const required = (name: string): string => {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
};
const note = (text: string): void => {
  process.stdout.write(`${new Date(systemClock.now()).toISOString()} ${text}\n`);
};

const abort = new AbortController();
process.once('SIGTERM', () => abort.abort());
process.once('SIGINT', () => abort.abort());

const faults = environment['PLATFORM_SANDBOX_FAULTS'];
/** Where the API server finds the webhooks. */
const address = environment['PLATFORM_SANDBOX_ADDRESS'] || '127.0.0.1';
note('started');
await runControllers(
  [
    calicoOperator(new URL('../../../sandbox/manifests/effects/calico.yaml', import.meta.url)),
    ebsCsiDriver(),
    albController(systemClock, address),
    certManager(systemClock, address),
    rabbitmqOperator(),
    argocdController(),
  ],
  {
    kubeconfig: required('PLATFORM_SANDBOX_KUBECONFIG'),
    endpoint: required('PLATFORM_SANDBOX_AWS_ENDPOINT'),
    region: required('PLATFORM_SANDBOX_REGION'),
    ...(faults === undefined || faults === '' ? {} : { faults }),
    clock: systemClock,
    note,
  },
  abort.signal,
);
note('stopped');
