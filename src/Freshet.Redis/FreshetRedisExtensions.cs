using Freshet;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Redis;
using Freshet.Redis.Agreements;
using Freshet.Redis.Keys;
using Freshet.Redis.Logs;
using Freshet.Redis.Values;
using Freshet.Resp.Addresses;
using Freshet.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the cache on Redis.</summary>
public static class FreshetRedisExtensions
{
    /// <summary>
    /// Shares the invalidation logs with other nodes through Redis: what one node writes, no node answers from memory any more
    /// once <see cref="FreshetOptions.MaxStaleness"/> is over, and no client is answered from before its own writes on any node.
    /// </summary>
    /// <param name="builder">What <c>AddFreshet</c> returned.</param>
    /// <param name="address">Where Redis is; null: <c>Freshet:Redis:Address</c> of the configuration says so.</param>
    /// <param name="configure">Changes settings after the configuration has been read.</param>
    /// <exception cref="OptionsValidationException">At start, when a setting is missing or out of its range; the message names the key.</exception>
    public static FreshetBuilder UseRedis(this FreshetBuilder builder, string? address = null, Action<FreshetRedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<FreshetRedisOptions>()
            .Configure<IServiceProvider>(static (o, provider) => provider.GetService<IConfiguration>()?.GetSection("Freshet:Redis").Bind(o))
            .ValidateOnStart();
        if (address is not null)
            options.Configure(o => o.Address = address);
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FreshetRedisOptions>, FreshetRedisOptionsValidator>());
        services.Replace(ServiceDescriptor.Singleton<IInvalidationStore>(MakeLogs));
        // What one node signs, the others must be able to check.
        services.Replace(ServiceDescriptor.Singleton(static p => SecretsOf(p.GetRequiredService<IOptions<FreshetRedisOptions>>().Value)));
        return builder;
    }

    private static byte[] SecretOf(FreshetRedisOptions options) => FreshetRedisOptionsValidator.TrySecret(options.Secret, out var secret)
        ? secret
        : throw new OptionsValidationException(nameof(FreshetRedisOptions), typeof(FreshetRedisOptions), ["Freshet:Redis:Secret is missing or too short."]);

    private static byte[][] AcceptedOf(FreshetRedisOptions options) =>
        [.. options.AcceptedSecrets.Select(s => FreshetRedisOptionsValidator.TrySecret(s, out var secret) ? secret : [])];

    private static NodeSecret SecretsOf(FreshetRedisOptions options) => new(SecretOf(options), AcceptedOf(options));

    private static AgreedSetting SecretTerm(FreshetRedisOptions options) => new(
        NodeTerms.SecretName, NodeSecret.FingerprintOf(SecretOf(options)), [.. AcceptedOf(options).Select(s => NodeSecret.FingerprintOf(s))],
        "Give all nodes of the application the same secret, and another application a Freshet:Redis:Prefix and a secret of its own.");

    private static RedisLogs MakeLogs(IServiceProvider provider)
    {
        var redis = provider.GetRequiredService<IOptions<FreshetRedisOptions>>().Value;
        var freshet = provider.GetRequiredService<IOptions<FreshetOptions>>().Value;
        var address = RedisAddress.Parse(redis.Address);
        var keys = new PhysicalKeys(redis.Prefix, SecretOf(redis), address.Connection.Database);
        var terms = new NodeTerms(
            redis.Prefix, address.Connection.Database, freshet.MaxStaleness, [.. provider.GetServices<AgreedSetting>().Prepend(SecretTerm(redis)).DistinctBy(s => s.Name, StringComparer.Ordinal)]);
        var clocks = provider.GetRequiredService<TagClocks>();
        var time = provider.GetRequiredService<TimeProvider>();
        var metrics = provider.GetRequiredService<CacheMetrics>();
        var logs = new RedisLogs(
            address, keys, clocks, terms, freshet.LogRecords, time, metrics,
            provider.GetService<ILoggerFactory>()?.CreateLogger("Freshet.Redis") ?? NullLogger.Instance, logLifetime: redis.LogLifetime);
        if (redis.Values)
        {
            var secret = provider.GetRequiredService<NodeSecret>().KeyFor("entry");
            var limits = new EntryLimits(redis.LeaseTime, redis.MaxEntryBytes);
            logs.Entries = new RedisEntries(logs, keys, secret, limits, clocks, time, metrics);
        }

        return logs;
    }
}
