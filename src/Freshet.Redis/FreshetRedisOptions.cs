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
    /// The secret from which the names in Redis are made: at least 32 random bytes in Base64, the same on every node. Make one with
    /// <c>openssl rand -base64 32</c>.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>What all names in Redis begin with. Default <c>freshet</c>; 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>:</c>.</summary>
    public string Prefix { get; set; } = "freshet";
}

/// <summary>Checks the settings when the application starts; each message names the key and says what to write.</summary>
internal sealed class FreshetRedisOptionsValidator : IValidateOptions<FreshetRedisOptions>
{
    private const int LeastBytes = 32;

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

        if (options.Prefix.Length is < 1 or > 64 || !options.Prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':'))
            errors.Add("Freshet:Redis:Prefix has 1 to 64 letters, digits, '-', '_' and ':'.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    public static bool TrySecret(string text, out byte[] secret)
    {
        secret = new byte[text.Length];
        var isOne = Convert.TryFromBase64String(text, secret, out var length) && length >= LeastBytes;
        secret = isOne ? secret[..length] : [];
        return isOne;
    }
}
