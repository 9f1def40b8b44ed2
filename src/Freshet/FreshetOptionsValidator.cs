using Freshet.Keys;
using Microsoft.Extensions.Options;

namespace Freshet;

/// <summary>Checks the settings at start; each message names the key and what to write instead.</summary>
internal sealed class FreshetOptionsValidator : IValidateOptions<FreshetOptions>
{
    public ValidateOptionsResult Validate(string? name, FreshetOptions options)
    {
        var errors = new List<string>();
        Between(nameof(options.MaxStaleness), options.MaxStaleness, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Between(nameof(options.DefaultLifetime), options.DefaultLifetime, TimeSpan.FromTicks(1), TimeSpan.FromDays(30));
        Between(nameof(options.LoadWait), options.LoadWait, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10));
        Between(nameof(options.HitForPass), options.HitForPass, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Between(nameof(options.LogRecords), options.LogRecords, 1, 1 << 20);
        Between(nameof(options.MaxConcurrentLoads), options.MaxConcurrentLoads, 1, 100_000);
        Between(nameof(options.TagClocks), options.TagClocks, 64, 1 << 26);
        if ((options.TagClocks & (options.TagClocks - 1)) != 0)
            errors.Add($"Freshet:TagClocks is {options.TagClocks}; it must be a power of two, such as 1048576.");
        if (string.IsNullOrEmpty(options.AppVersion) || KeyPart.Check(options.AppVersion, 128) is not KeyPartError.None)
            errors.Add("Freshet:AppVersion must have 1 to 128 well-formed characters, such as \"2026.11\".");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Between<T>(string key, T value, T lowest, T highest)
            where T : IComparable<T>
        {
            if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
                errors.Add($"Freshet:{key} is {value}; set it to a value from {lowest} to {highest}.");
        }
    }
}
