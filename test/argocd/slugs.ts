/** Reads a JSON array of branch names, and writes Greenpin's slug of each, for slug_test.go. */
import { json } from 'node:stream/consumers';
import { branchSlug } from '../../src/wire/argocd/branch-slug.ts';

const branches = (await json(process.stdin)) as string[];
process.stdout.write(JSON.stringify(branches.map((branch) => branchSlug(branch))));
