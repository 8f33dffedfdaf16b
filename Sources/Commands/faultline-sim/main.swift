// Runs simulated Raft groups, seed after seed, until a promise of the protocol breaks.
//
// The exit status is 0 when all promises held, 1 when one broke (or a planted bug was not found), and 3 for
// a command line that makes no sense. Results go to standard output, progress to standard error.

import Linux

CurrentProcess.exit(SimProgram.performWatched(CommandLine.arguments))
