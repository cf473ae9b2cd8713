/**
 * The parameter that bears an image's digest (design §1): `digest` and the image's name, with its first letter and each
 * letter after `-` or `_` in upper case. Several names may give one key (`a-b`, `a_b`): the configuration refuses that.
 * @param imageName for example `front-end`
 * @returns for example `digestFrontEnd`
 */
export function digestKey(imageName: string): string {
  const words = imageName.split(/[-_]/);
  return `digest${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
}
