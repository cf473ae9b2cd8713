/** How a project names its repository of Bitbucket Data Center. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import type { ProjectKeys } from '../kind.ts';

/** Excludes `.` and `..`, since it is part of a URL's path. */
const REPOSITORY =
  /^(?:[A-Za-z][A-Za-z0-9_-]*|~[A-Za-z0-9_.@+-]+)\/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,128}$/;

/** `https://HOST/projects/SHOP/repos/front/browse`, `https://HOST/scm/shop/front.git` */
const URLS = [/\/projects\/([^/]+)\/repos\/([^/]+)/, /\/scm\/([^/]+)\/([^/]+?)(?:\.git)?$/];
const PERSONAL_URL = /\/users\/([^/]+)\/repos\/([^/]+)/;

const repository = text(REPOSITORY, 'PROJECT/NAME or ~USER/NAME, for example SHOP/front', (found) => {
  const [, user, own] = PERSONAL_URL.exec(found) ?? [];
  const [, project, name] = URLS.map((url) => url.exec(found)).find((match) => match !== null) ?? [];
  const meant = user === undefined ? `${project}/${name}` : `~${user}/${own}`;
  return (user ?? project) !== undefined && REPOSITORY.test(meant) ? meant : undefined;
});

export const bitbucketServerProjectKeys: ProjectKeys = {
  repository,
  workflow: 'none',
  event: z.enum(['push'], { error: 'push, since builds are commits with build statuses' }),
  defaultEvents: ['push'],
};
