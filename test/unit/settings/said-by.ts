import { expect } from "vitest";
import { SettingError } from "../../../shared/settings/settings.ts";

/** All that is wrong by the SettingError that `work` throws; empty where it throws none. */
export function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SettingError);
    return (error as SettingError).problems;
  }
}
