/**
 * A shell script that runs the program of its arguments, and ends it when descriptor 3 ends: also when whoever holds the other end of that is killed, for
 * the kernel closes it then. A signal to end goes on to the program. Its exit code is the program's.
 */
const script = `"$@" 3<&- </dev/null & program=$!
{ read -r end <&3; kill "$program" 2>/dev/null; } & guard=$!
trap 'kill "$program" 2>/dev/null' TERM
wait "$program"; code=$?; kill "$guard" 2>/dev/null; exit $code`;

/** The words that start a program so; descriptor 3 must be a pipe that we hold. */
export const endingWithUs = (argv: readonly string[]): readonly string[] => ['/bin/sh', '-c', script, 'sh', ...argv];
