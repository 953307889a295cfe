import { describe, expect, test } from 'vitest';
import { answerMetadata } from '../../../../src/sandbox/hosts/services/metadata.ts';
import type { MetadataReply } from '../../../../src/sandbox/hosts/services/metadata.ts';
import { instance } from './instance.ts';

const one = instance(1, { profile: 'node', userData: '#!/bin/sh\n' });
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', now = 0): MetadataReply =>
  answerMetadata({ instance: one, now, secret: 'secret' }, { method, path, headers });
const tokenFor = (seconds: number): string =>
  ask('/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) }, 'PUT').body;

describe('instance metadata', () => {
  test('nothing is told without a token', () => {
    expect(ask('/latest/meta-data/instance-id')).toEqual({ status: 401, body: '' });
    expect(ask('/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': 'made-up' })).toEqual({
      status: 401,
      body: '',
    });
  });

  test('with a token, until it has expired', () => {
    const headers = { 'x-aws-ec2-metadata-token': tokenFor(60) };
    expect(ask('/latest/meta-data/instance-id', headers)).toEqual({ status: 200, body: one.id });
    expect(ask('/latest/meta-data/instance-id', headers, 'GET', 60_001).status).toBe(401);
  });

  test('a token is good for one machine', () => {
    const headers = { 'x-aws-ec2-metadata-token': tokenFor(60) };
    const call = { method: 'GET', path: '/latest/meta-data/instance-id', headers };
    expect(answerMetadata({ instance: instance(2), now: 0, secret: 'secret' }, call).status).toBe(401);
  });

  test('version 1 answers where the instance allows it', () => {
    const lax = instance(1, { metadata: { tokens: 'optional', hops: 1 } });
    const call = { method: 'GET', path: '/latest/meta-data/local-ipv4', headers: {} };
    expect(answerMetadata({ instance: lax, now: 0, secret: '' }, call)).toEqual({ status: 200, body: '10.0.0.1' });
  });

  test('a token must have a lifetime, and is not for proxies', () => {
    expect(ask('/latest/api/token', {}, 'PUT').status).toBe(400);
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60', 'x-forwarded-for': '10.0.0.9' };
    expect(ask('/latest/api/token', headers, 'PUT').status).toBe(403);
  });

  test('folders list what is in them', () => {
    const headers = { 'x-aws-ec2-metadata-token': tokenFor(60) };
    expect(ask('/latest/meta-data/placement', headers).body).toBe('availability-zone\nregion');
    expect(ask('/latest/meta-data/iam/security-credentials/', headers).body).toBe('node');
    expect(ask('/latest/user-data', headers).body).toBe('#!/bin/sh\n');
    expect(ask('/latest/meta-data/no-such-thing', headers).status).toBe(404);
  });
});
