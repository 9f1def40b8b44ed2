using System.Diagnostics.Metrics;
using System.Text;
using Freshet.Keys;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Redis.Logs;
using Freshet.Storage;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.Redis.Tests.Testing;

/// <summary>One node: the engine as an application gets it, on Redis.</summary>
internal sealed class Node : IAsyncDisposable
{
    private static readonly string Secret = Convert.ToBase64String(new byte[32]);
    private static readonly Freshet.Redis.Keys.PhysicalKeys Keys = new("freshet", new byte[32]);
    private readonly ServiceProvider _services;

    public Node(
        string address, TimeSpan? maxStaleness = null, TimeProvider? time = null, Action<FreshetRedisOptions>? redis = null, Action<FreshetOptions>? freshet = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(l => l.AddProvider(Lines));
        services.AddMetrics();
        if (time is not null)
            services.AddSingleton(time);
        services.AddFreshetCore(o =>
        {
            o.MaxStaleness = maxStaleness ?? TimeSpan.FromSeconds(1);
            freshet?.Invoke(o);
        }).UseRedis(address, o =>
        {
            o.Secret = Secret;
            redis?.Invoke(o);
        });
        _services = services.BuildServiceProvider();
        Steps = new StepLog(_services.GetRequiredService<IMeterFactory>());
        // The first use is what makes it follow the log.
        _ = Engine.Applied(Tenant.Default);
    }

    /// <summary>The key of a tenant's log.</summary>
    public static string Log(Tenant tenant) => Encoding.ASCII.GetString(Keys.Log(Keys.NameOf(tenant)));

    /// <summary>The channel of a tenant's log.</summary>
    public static string Channel(Tenant tenant) => Encoding.ASCII.GetString(Keys.Channel(Keys.NameOf(tenant)));

    /// <summary>What it has logged.</summary>
    public LogLines Lines { get; } = new();

    /// <summary>What it did in the shared store.</summary>
    public StepLog Steps { get; }

    public TenantContext Tenants => _services.GetRequiredService<TenantContext>();

    public MemoryStore Memory => _services.GetRequiredService<MemoryStore>();

    public CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

    public HybridCache Cache => _services.GetRequiredService<HybridCache>();

    public RedisLogs Logs => (RedisLogs)_services.GetRequiredService<IInvalidationStore>();

    public bool InContact => Engine.InContact(Tenant.Default) && Engine.InContact(Tenant.Public);

    /// <summary>Starts a node and waits until it is in contact.</summary>
    public static async Task<Node> StartAsync(
        string address, TimeSpan? maxStaleness = null, Action<FreshetRedisOptions>? redis = null, Action<FreshetOptions>? freshet = null)
    {
        var node = new Node(address, maxStaleness, null, redis, freshet);
        await Until(() => node.InContact && AreValuesUp(node.Logs));
        return node;
    }

    /// <summary>Whether a position that a client carries need not be loaded for.</summary>
    public bool Covers(Position at, Tenant tenant) => !Engine.WithSession(Engine.Arrive(), tenant, at).MustLoad;

    /// <summary>Whether the connections for values stand; contact says nothing of them.</summary>
    public static bool AreValuesUp(RedisLogs logs) => logs.Client.Shards.All(s => s.Values.Current is not null);

    /// <summary>Waits for something that other threads bring about.</summary>
    public static async Task Until(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public ValueTask<string> ReadAsync(string key, Func<string> load, params string[] tags) =>
        Cache.GetOrCreateAsync(key, _ => new ValueTask<string>(load()), tags: tags);

    public ValueTask<Position?> TouchAsync(string tag, Tenant? tenant = null) => Engine.InvalidateAsync(tenant ?? Tenant.Default, [Tag.Parse(tag)]);

    /// <summary>What memory holds under a key of texts.</summary>
    public CacheEntry EntryOf(string key)
    {
        var prefix = _services.GetRequiredService<DataSerializers>().For<string>().KeyPrefix;
        using var writer = new KeyWriter(new char[256]);
        writer.AppendWritten(prefix);
        writer.AppendChecked(Tenant.Default.Id);
        writer.Append(key, "key");
        Assert.True(Memory.TryGet(writer.Written, out var entry));
        return entry;
    }

    public ValueTask<Position?> TouchAsync(string tag) => Engine.InvalidateAsync(Tenant.Default, [Tag.Parse(tag)]);

    public ValueTask DisposeAsync()
    {
        Steps.Dispose();
        return _services.DisposeAsync();
    }
}
