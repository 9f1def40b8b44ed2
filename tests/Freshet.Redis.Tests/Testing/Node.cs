using System.Text;
using Freshet.Loading;
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

    public Node(string address, TimeSpan? maxStaleness = null, TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(l => l.AddProvider(Lines));
        if (time is not null)
            services.AddSingleton(time);
        services.AddFreshetCore(o => o.MaxStaleness = maxStaleness ?? TimeSpan.FromSeconds(1)).UseRedis(address, o => o.Secret = Secret);
        _services = services.BuildServiceProvider();
        // The first use is what makes it follow the log.
        _ = Engine.Applied(Tenant.Default);
    }

    /// <summary>The key of a tenant's log.</summary>
    public static string Log(Tenant tenant) => Encoding.ASCII.GetString(Keys.Log(Keys.NameOf(tenant)));

    /// <summary>The channel of a tenant's log.</summary>
    public static string Channel(Tenant tenant) => Encoding.ASCII.GetString(Keys.Channel(Keys.NameOf(tenant)));

    /// <summary>What it has logged.</summary>
    public LogLines Lines { get; } = new();

    public CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

    public HybridCache Cache => _services.GetRequiredService<HybridCache>();

    public RedisLogs Logs => (RedisLogs)_services.GetRequiredService<IInvalidationStore>();

    public bool InContact => Engine.InContact(Tenant.Default) && Engine.InContact(Tenant.Public);

    /// <summary>Starts a node and waits until it is in contact.</summary>
    public static async Task<Node> StartAsync(string address, TimeSpan? maxStaleness = null)
    {
        var node = new Node(address, maxStaleness);
        await Until(() => node.InContact);
        return node;
    }

    /// <summary>Whether a position that a client carries need not be loaded for.</summary>
    public bool Covers(Position at, Tenant tenant) => !Engine.WithSession(Engine.Arrive(), tenant, at).MustLoad;

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

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
