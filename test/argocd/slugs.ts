/** Reads a JSON array of branches' names, and writes what Greenpin makes of each, for slug_test.go. */
import { json } from 'node:stream/consumers';
import { branchSlug } from '../../src/wire/argocd/branch-slug.ts';

const branches = (await json(process.stdin)) as string[];
process.stdout.write(JSON.stringify(branches.map((branch) => branchSlug(branch))));
