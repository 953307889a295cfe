import { PlatformError } from '../errors.ts';
import { missingTool } from '../tools/missing-tool.ts';
import type { Command } from '../tools/ports.ts';
import type { Reply, ToolEnding } from './protocol.ts';

/** Why a tool could not be held, as an error that a person can act on. */
export function explainRefusal(
  command: Command,
  refusal: Extract<Reply, { is: 'refused' }> | undefined,
): PlatformError {
  const facts = { tool: command.tool, folder: command.cwd };
  switch (refusal?.reason) {
    case 'program-missing':
      return missingTool(command.tool, command.argv[0] ?? '');
    case 'folder-missing':
      return new PlatformError('STATE_FOLDER', {
        message: `${command.tool} cannot start: ${refusal.message}`,
        next: ['check the paths in platform.yaml'],
        facts,
      });
    case 'disk-full':
      return new PlatformError('DISK_FULL', {
        message: `${command.tool} was not started: ${refusal.message}`,
        next: ['free some space on the disk of the state folder, then run the same command again'],
        facts,
      });
    default:
      return new PlatformError('TOOL_FAILED', {
        message: `${command.tool} was not started: ${refusal?.message ?? 'its launcher went away'}; it has done nothing`,
        next: ['run the same command again'],
        class: 'transient',
        facts,
      });
  }
}

/** A tool that was held and never worked: nothing has changed in the world. */
export function toolNeverWorked(command: Command, ending: ToolEnding): PlatformError {
  return new PlatformError('UNREACHABLE', {
    message: `${command.tool} was not let to work: ${ending.never ?? 'unknown'}`,
    next: ['check that the machine can be reached by SSH, then run the same command again'],
    class: 'transient',
    facts: { tool: command.tool },
  });
}
