import type { Profile } from '../../shared/profile.ts';

/** Whether two profiles ask for the same: the order of their fields, and fields that are undefined, mean nothing. */
export function isSameProfile(one: Profile | undefined, other: Profile | undefined): boolean {
  return canonical(one) === canonical(other);
}

function canonical(profile: Profile | undefined): string | undefined {
  return JSON.stringify(profile, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Whether runs of both measure the same, whatever they are called and said to be. */
export function measuresTheSame(one: Profile | undefined, other: Profile): boolean {
  return one !== undefined && isSameProfile({ ...one, name: other.name, description: other.description }, other);
}
