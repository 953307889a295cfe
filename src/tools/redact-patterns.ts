const dots = '••••••';

/**
 * What is a credential by its looks. Sources: AWS IAM identifiers (AKIA long-term, ASIA temporary), GitHub token formats,
 * kubeadm bootstrap tokens (6.16 characters) and certificate keys (64 hexadecimal digits), JSON Web Tokens (three base64url parts).
 */
export const bareSecrets: readonly { readonly pattern: RegExp; readonly replacement: string }[] = [
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replacement: dots },
  {
    pattern: /(aws_?(?:secret_?access_?key|session_?token)\\?["']?\s*[:=]\s*\\?["']?)[A-Za-z0-9/+=]{16,}/gi,
    replacement: `$1${dots}`,
  },
  { pattern: /(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"']+/g, replacement: `$1${dots}` },
  { pattern: /\bgh[pousr]_[A-Za-z0-9]{20,}\b/g, replacement: dots },
  { pattern: /\bgithub_pat_[A-Za-z0-9_]{20,}\b/g, replacement: dots },
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, replacement: dots },
  { pattern: /(\bBearer\s+)[A-Za-z0-9._~+/-]{16,}=*/g, replacement: `$1${dots}` },
  { pattern: /(--token[ =]\\?["']?|token\\?["']?:\s*\\?["']?)[a-z0-9]{6}\.[a-z0-9]{16}\b/g, replacement: `$1${dots}` },
  { pattern: /(--?certificate[- ]key[ =:]+\\?["']?)[0-9a-f]{64}\b/gi, replacement: `$1${dots}` },
  { pattern: /(client-key-data\\?["']?:\s*\\?["']?)[A-Za-z0-9+/=]{16,}/g, replacement: `$1${dots}` },
  { pattern: /(\/\/[^\s/:@"'\\]+:)[^\s/@"'\\]+(@)/g, replacement: `$1${dots}$2` },
];

/** First and last line of a private key; certificates are public and stay readable. */
export const keyBlockBegin = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;
export const keyBlockEnd = /-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;
/** A line that can belong to the body of a key; any other line ends a block whose last line never came. */
export const keyBlockLine =
  /^[\s"'|>]*(?:[A-Za-z0-9+/=]{1,100}|(?:Proc-Type|DEK-Info|Comment|Version):.*|)[\s"',\\n]*$/;
