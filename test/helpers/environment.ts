import { env } from 'node:process';

/** The environment of the test run: the one place where tests look at it. */
export const environment: Readonly<Record<string, string | undefined>> = env;
