using Freshet.Resp.Addresses;
using Microsoft.Extensions.Options;

namespace Freshet.Redis;

/// <summary>How the nodes reach the Redis that they share; the section <c>Freshet:Redis</c> of the configuration.</summary>
public sealed class FreshetRedisOptions
{
    /// <summary>
    /// Where Redis is: <c>redis://user:password@host:6379</c>, <c>rediss://</c> for TLS, or the comma form of StackExchange.Redis,
    /// <c>host:6379,password=…,ssl=true</c>. With <c>sentinel=name</c> the hosts are sentinels, with <c>cluster=true</c> some
    /// nodes of a Redis Cluster.
    /// </summary>
    public string Address { get; set; } = "";

    /// <summary>
    /// The secret from which the names of values in Redis are made, and the keys under which nodes sign: at least 32 random bytes in Base64, the
    /// same on every node. Make one with <c>openssl rand -base64 32</c>. A node whose secret differs from that of the others has no contact.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>
    /// Secrets of other nodes that this node works with, while <see cref="Secret"/> is being replaced: first the next one, then the former one. In the
    /// form of <see cref="Secret"/>; at most 3, none twice. Default none.
    /// </summary>
    public IList<string> AcceptedSecrets { get; } = [];

    /// <summary>What all names in Redis begin with. Default <c>freshet</c>; 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>:</c>.</summary>
    public string Prefix { get; set; } = "freshet";

    /// <summary>Whether values are shared too, and not only what was touched. Default true.</summary>
    public bool Values { get; set; } = true;

    /// <summary>
    /// For how long one node has the right to load a value that the others wait for; when it dies meanwhile, they wait so long.
    /// Default 2 s; 100 ms to 1 min.
    /// </summary>
    public TimeSpan LeaseTime { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// For how long Redis keeps a tenant's log after the last node has followed it or appended to it. Without the log everything of the tenant
    /// is loaded once more. Default 1 day; 10 min to 365 days.
    /// </summary>
    public TimeSpan LogLifetime { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The largest value that is stored in Redis, with what stands around it. Default 1 MiB; 1 KiB to 32 MiB.</summary>
    public int MaxEntryBytes { get; set; } = 1 << 20;
}

/// <summary>Checks the settings when the application starts; each message names the key and says what to write.</summary>
internal sealed class FreshetRedisOptionsValidator : IValidateOptions<FreshetRedisOptions>
{
    private const int LeastBytes = 32;
    private const int MostAccepted = 3;

    public ValidateOptionsResult Validate(string? name, FreshetRedisOptions options)
    {
        var errors = new List<string>();
        if (options.Address.Length == 0)
        {
            errors.Add("Freshet:Redis:Address is missing; write where Redis is, such as redis://localhost:6379.");
        }
        else
        {
            try
            {
                RedisAddress.Parse(options.Address);
            }
            catch (FormatException e)
            {
                errors.Add($"Freshet:Redis:Address: {e.Message}");
            }
        }

        if (!TrySecret(options.Secret, out _))
        {
            errors.Add(
                "Freshet:Redis:Secret is missing or too short; all nodes need the same 32 random bytes. Make them with: openssl rand -base64 32");
        }

        CheckAccepted(options, errors);
        if (options.Prefix.Length is < 1 or > 64 || !options.Prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':'))
            errors.Add("Freshet:Redis:Prefix has 1 to 64 letters, digits, '-', '_' and ':'.");
        if (options.LeaseTime < TimeSpan.FromMilliseconds(100) || options.LeaseTime > TimeSpan.FromMinutes(1))
            errors.Add($"Freshet:Redis:LeaseTime is {options.LeaseTime}; set it to a value from 00:00:00.1 to 00:01:00.");
        if (options.LogLifetime < TimeSpan.FromMinutes(10) || options.LogLifetime > TimeSpan.FromDays(365))
            errors.Add($"Freshet:Redis:LogLifetime is {options.LogLifetime}; set it to a value from 00:10:00 to 365.00:00:00.");
        if (options.MaxEntryBytes is < 1 << 10 or > 32 << 20)
            errors.Add($"Freshet:Redis:MaxEntryBytes is {options.MaxEntryBytes}; set it to a value from 1024 to 33554432.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckAccepted(FreshetRedisOptions options, List<string> errors)
    {
        if (options.AcceptedSecrets.Count > MostAccepted)
            errors.Add($"Freshet:Redis:AcceptedSecrets has {options.AcceptedSecrets.Count} secrets; leave out those that no node uses any more, at most {MostAccepted} remain.");
        var known = TrySecret(options.Secret, out var own) ? new List<string> { Convert.ToHexString(own) } : [];
        for (var i = 0; i < options.AcceptedSecrets.Count; i++)
        {
            if (!TrySecret(options.AcceptedSecrets[i] ?? "", out var secret))
                errors.Add($"Freshet:Redis:AcceptedSecrets:{i} is no secret or too short; write the next or the former Freshet:Redis:Secret, or leave it out.");
            else if (known.Contains(Convert.ToHexString(secret), StringComparer.Ordinal))
                errors.Add($"Freshet:Redis:AcceptedSecrets:{i} is Freshet:Redis:Secret or another accepted secret once more; leave it out, or write the other secret of the rotation.");
            else
                known.Add(Convert.ToHexString(secret));
        }
    }

    public static bool TrySecret(string text, out byte[] secret)
    {
        secret = new byte[text.Length];
        var isOne = Convert.TryFromBase64String(text, secret, out var length) && length >= LeastBytes;
        secret = isOne ? secret[..length] : [];
        return isOne;
    }
}
