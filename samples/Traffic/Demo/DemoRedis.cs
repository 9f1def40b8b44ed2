using System.Security.Cryptography;
using Freshet.Resp;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Topology;

namespace Traffic.Demo;

/// <summary>
/// The Redis that the nodes share: one of its own, or one that others use too. There everything the demo writes has a prefix of
/// this run, and is removed when it ends.
/// </summary>
internal sealed class DemoRedis : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(3);
    private readonly LocalRedis? _local;
    private readonly string _address;
    private readonly RespClient _client;

    private DemoRedis(LocalRedis? local, RedisAddress address, string text, TimeProvider time) =>
        (_local, _address, _client) = (local, text, RespClient.Create(address, user: null, time));

    /// <summary>What all names in Redis begin with.</summary>
    public string Prefix { get; } = $"freshet-demo-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";

    /// <summary>Starts the server, or looks whether the one that was named answers.</summary>
    /// <param name="redis">Its address, or <see cref="DemoOptions.Local"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <exception cref="DemoException">It cannot be started or reached.</exception>
    public static async Task<DemoRedis> StartAsync(string redis, TimeProvider time, CancellationToken cancel)
    {
        var local = redis == DemoOptions.Local ? await LocalRedis.StartAsync(cancel) : null;
        var text = local?.Address ?? redis;
        DemoRedis started;
        try
        {
            started = new DemoRedis(local, RedisAddress.Parse(text), text, time);
        }
        catch (FormatException wrong)
        {
            throw new DemoException($"--redis: {wrong.Message}", wrong);
        }

        try
        {
            await started.AnswersAsync(time, cancel);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The settings of nodes that share it, as environment variables: a command line could be read by others. Each call names another
    /// run, with a secret of its own; its nodes share nothing with those of another one.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings(string run) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Freshet__Redis__Address"] = _address,
        ["Freshet__Redis__Prefix"] = $"{Prefix}:{run}",
        ["Freshet__Redis__Secret"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
    };

    /// <summary>Removes what was written, from a server that stays.</summary>
    /// <exception cref="DemoException">It could not be removed.</exception>
    public async Task CleanAsync(CancellationToken cancel)
    {
        if (_local is not null) return;
        try
        {
            await RemoveAsync(cancel);
        }
        catch (RespException away)
        {
            throw new DemoException($"What the demo wrote stays in Redis, under {Prefix}:*: {away.Message}", away);
        }
    }

    private async Task RemoveAsync(CancellationToken cancel)
    {
        foreach (var shard in _client.Shards)
        {
            var cursor = "0";
            do
            {
                var names = new List<string>();
                using (var page = await shard.Values.SendAsync(new RespCommand("SCAN", cursor, "MATCH", $"{Prefix}:*", "COUNT", "1000"), cancel))
                    cursor = ReadPage(page.Reader, names);
                // One by one: those of a cluster lie in different slots.
                foreach (var name in names)
                    (await shard.Values.SendAsync(new RespCommand("UNLINK", name), cancel)).Dispose();
            }
            while (cursor != "0");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        if (_local is not null) await _local.DisposeAsync();
    }

    // A client fails at once while it has no connection, and goes on trying to make one.
    private async Task AnswersAsync(TimeProvider time, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                (await _client.SendAsync(0, new RespCommand("PING"), cancel)).Dispose();
                return;
            }
            catch (RespException away)
            {
                if (away is not RespConnectionException || time.GetElapsedTime(start) > AnswersWithin)
                    throw new DemoException($"Redis cannot be used: {away.Message}", away);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancel);
        }
    }

    private static string ReadPage(RespReader reply, List<string> names)
    {
        reply.ReadAggregate();
        var cursor = System.Text.Encoding.UTF8.GetString(reply.ReadBytes());
        for (var count = reply.ReadAggregate(); count > 0; count--) names.Add(System.Text.Encoding.UTF8.GetString(reply.ReadBytes()));
        return cursor;
    }
}
