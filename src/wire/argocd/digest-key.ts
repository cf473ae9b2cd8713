/**
 * Names the parameter that holds an image's digest: `digest` and the image's name, with its first letter and
 * each letter after `-` or `_` in upper case. Different names can yield the same key (`a-b`, `a_b`); the
 * configuration rejects those.
 * @param imageName for example `front-end`
 * @returns for example `digestFrontEnd`
 */
export function digestKey(imageName: string): string {
  const words = imageName.split(/[-_]/);
  return `digest${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
}
