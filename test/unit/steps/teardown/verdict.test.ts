import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { type Fault, type Verdict, faultOf, verdictOf } from '../../../../src/steps/teardown/verdict.ts';
import { isGone } from '../../../../src/tools/aws/estate/gone.ts';

const table: readonly (readonly [name: string, message: string, verdict: Verdict])[] = [
  ['DependencyViolation', 'resource sg-1 has a dependent object', 'not-yet'],
  ['InvalidGroup.InUse', 'it is in use', 'not-yet'],
  ['InvalidIPAddress.InUse', 'Address 203.0.113.1 is in use.', 'not-yet'],
  ['AuthFailure', 'ec2:ReleaseAddress (eipalloc-1): an AWS service still has the address', 'not-yet'],
  ['AuthFailure', 'ec2:DescribeVolumes: the credentials are not valid', 'denied'],
  ['AuthFailure', 'snapshot snap-1 is managed by AWS Backup', 'failed'],
  ['InvalidParameterValue', 'The snapshot is managed by AWS Backup and cannot be deleted', 'failed'],
  ['InvalidParameterValue', "Network interface 'eni-1' is currently in use.", 'not-yet'],
  ['InvalidParameterValue', 'Value (x) for parameter y is invalid', 'failed'],
  ['VolumeInUse', 'vol-1 is attached', 'not-yet'],
  ['IncorrectState', 'vol-1 is busy', 'not-yet'],
  ['ResourceInUse', 'Target group is in use by a listener', 'not-yet'],
  ['ResourceInUseException', 'Certificate is in use', 'not-yet'],
  ['OperationNotPermitted', 'cannot be deleted because deletion protection is enabled', 'protected'],
  ['OperationNotPermittedException', 'because deletion protection is enabled', 'protected'],
  [
    'OperationNotPermitted',
    "The instance 'i-1' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
    'protected',
  ],
  ['OperationNotPermitted', 'You do not have permission to access the specified resource.', 'not-yet'],
  ['DeleteConflict', 'Cannot delete a policy attached to entities.', 'not-yet'],
  ['DeleteConflictException', 'Cannot delete a policy attached to entities.', 'not-yet'],
  ['BucketNotEmpty', 'The bucket you tried to delete is not empty', 'not-yet'],
  ['OperationAborted', 'A conflicting conditional operation is in progress', 'not-yet'],
  ['DistributionNotDisabled', 'is not disabled', 'not-yet'],
  ['PreconditionFailed', 'stale', 'not-yet'],
  ['InvalidIfMatchVersion', 'stale', 'not-yet'],
  ['HostedZoneNotEmpty', 'has records', 'not-yet'],
  ['InvalidChangeBatch', 'but the values provided do not match the current values', 'not-yet'],
  ['InvalidChangeBatch', "Tried to delete [name='a', type='A'] but it was not found", 'gone'],
  ['PriorRequestNotComplete', 'in progress', 'throttled'],
  ['RequestLimitExceeded', 'Request limit exceeded.', 'throttled'],
  ['Throttling', 'Rate exceeded', 'throttled'],
  ['ThrottlingException', 'Rate exceeded', 'throttled'],
  ['TooManyRequestsException', 'Rate exceeded', 'throttled'],
  ['InvalidInstanceID.NotFound', 'does not exist', 'gone'],
  ['InvalidPermission.NotFound', 'does not exist', 'gone'],
  ['NoSuchEntity', 'cannot be found', 'gone'],
  ['NoSuchEntityException', 'cannot be found', 'gone'],
  ['NoSuchBucket', 'does not exist', 'gone'],
  ['NoSuchHostedZone', 'does not exist', 'gone'],
  ['NatGatewayNotFound', 'does not exist', 'gone'],
  ['LoadBalancerNotFound', 'does not exist', 'gone'],
  ['LoadBalancerNotFoundException', 'does not exist', 'gone'],
  ['ResourceNotFoundException', 'does not exist', 'gone'],
  ['Gateway.NotAttached', 'resource igw-1 is not attached to network vpc-1', 'gone'],
  ['UnauthorizedOperation', 'You are not authorized to perform this operation.', 'denied'],
  ['AccessDenied', 'Access Denied', 'denied'],
  ['AccessDeniedException', 'Access Denied', 'denied'],
  ['SomethingElse', 'with an explicit deny in a service control policy', 'denied'],
  ['ExpiredToken', 'the credentials have expired', 'expired'],
  ['ExpiredTokenException', 'the credentials have expired', 'expired'],
  ['InvalidClientTokenId', 'The security token included in the request is invalid.', 'expired'],
  ['MalformedPolicyDocument', 'Syntax errors in policy.', 'failed'],
];

describe('verdict on a refused deletion', () => {
  test.each(table)('%s: %s', (name, message, verdict) => {
    expect(verdictOf({ name, message })).toBe(verdict);
  });

  test('an unknown name follows its class', () => {
    const fault: Fault = { name: 'DeadlineExceeded', message: 'no answer within 15 s' };
    expect(verdictOf({ ...fault, class: 'transient' })).toBe('not-yet');
    expect(verdictOf({ ...fault, class: 'throttled' })).toBe('throttled');
    expect(verdictOf({ ...fault, class: 'permanent' })).toBe('failed');
    expect(verdictOf({ message: 'x is not a function' })).toBe('failed');
  });

  test('reads the name of AWS out of our own errors', () => {
    const error = new PlatformError('AWS', {
      message: 'm',
      class: 'transient',
      facts: { name: 'DependencyViolation' },
    });
    expect(faultOf(error)).toEqual({ name: 'DependencyViolation', message: 'm', class: 'transient' });
    expect(faultOf(new TypeError('t'))).toEqual({ name: 'TypeError', message: 't' });
    expect(faultOf('text')).toEqual({ message: 'text' });
  });

  test('the adapter takes nothing for gone that the table does not', () => {
    for (const [name, message, verdict] of table) {
      const error = new PlatformError('AWS', { message, facts: { name } });
      if (isGone(error)) expect({ name, verdict }).toEqual({ name, verdict: 'gone' });
      else expect([name, verdict === 'gone' && name !== 'InvalidChangeBatch']).toEqual([name, false]);
    }
  });
});
