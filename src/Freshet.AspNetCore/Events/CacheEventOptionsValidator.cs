using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Events;

/// <summary>Checks the settings at start; each message names the key and what to write instead.</summary>
internal sealed class CacheEventOptionsValidator : IValidateOptions<CacheEventOptions>
{
    public ValidateOptionsResult Validate(string? name, CacheEventOptions options)
    {
        var errors = new List<string>();
        Between(nameof(options.Heartbeat), options.Heartbeat, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Between(nameof(options.SendTimeout), options.SendTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Between(nameof(options.RecheckEvery), options.RecheckEvery, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Between(nameof(options.MaxConnectionsPerUser), options.MaxConnectionsPerUser, 1, 10_000);
        Between(nameof(options.MaxConnectionsPerTenant), options.MaxConnectionsPerTenant, 1, 1_000_000);
        Between(nameof(options.MaxConnections), options.MaxConnections, 1, 1_000_000);
        Between(nameof(options.MaxGroups), options.MaxGroups, 4, 200);
        foreach (var origin in options.AllowedOrigins)
        {
            if (origin != "*" && !IsOrigin(origin))
                errors.Add($"Freshet:Events:AllowedOrigins holds '{origin}'; write scheme, host and port only, such as https://app.example.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Between<T>(string key, T value, T lowest, T highest)
            where T : IComparable<T>
        {
            if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
                errors.Add($"Freshet:Events:{key} is {value}; set it to a value from {lowest} to {highest}.");
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}
