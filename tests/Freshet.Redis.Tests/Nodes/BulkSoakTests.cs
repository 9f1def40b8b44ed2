using System.Globalization;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>
/// C17: one tenant writes tens of thousands of rows without a pause, on both nodes, and another tenant's hit ratio does not notice.
/// <c>FRESHET_SOAK_READS</c> makes it longer.
/// </summary>
public class BulkSoakTests(ITestOutputHelper output)
{
    private const int Keys = 500;
    private const int ReadsBetweenWrites = 40;

    private static readonly Tenant Calm = Tenant.Named("calm");
    private static readonly Tenant Busy = Tenant.Named("busy");

    private static int Reads => int.Parse(Environment.GetEnvironmentVariable("FRESHET_SOAK_READS") ?? "40000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task C17_BulkWritesOfOneTenant_LeaveTheHitRatioOfAnotherOne()
    {
        await using var redis = await RedisServer.StartAsync();
        // Contact that a busy machine does not end: the test is about writes.
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromSeconds(5));
        await using var b = await Node.StartAsync(redis.Address, TimeSpan.FromSeconds(5));

        var quiet = await HitRatioAsync(b, "quiet");
        using var end = new CancellationTokenSource();
        var writers = Task.WhenAll(WriteAsync(a, 1, end.Token), WriteAsync(b, 2, end.Token));
        var beside = await HitRatioAsync(b, "beside");
        await end.CancelAsync();
        var records = a.Engine.Applied(Busy).Offset;
        await writers;

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Reads:N0} reads: hit ratio {quiet:P2} alone, {beside:P2} beside {records:N0} writes of 10,000 rows"));
        Assert.InRange(records, 20, long.MaxValue);
        Assert.InRange(quiet, 0.5, 0.999);
        Assert.InRange(beside, quiet - 0.02, 1);
    }

    // The same reads and writes each time, of keys that no other run has. Its own writes show at once (C9).
    private static async Task<double> HitRatioAsync(Node node, string run)
    {
        var random = new Random(1);
        var versions = new int[Keys];
        var loads = 0;
        using var calm = node.Tenants.Enter(Calm);
        for (var i = 0; i < Reads; i++)
        {
            // Few keys are read often, as people do.
            var key = (int)(Keys * Math.Pow(random.NextDouble(), 3));
            var tag = string.Create(CultureInfo.InvariantCulture, $"{run}/{key}");
            if (i % ReadsBetweenWrites == 0)
            {
                versions[key]++;
                Assert.NotNull(await node.TouchAsync(tag, Calm));
            }

            var read = await node.Cache.GetOrCreateAsync(tag, _ => new ValueTask<int>(Load(key)), tags: [tag]);
            Assert.Equal(versions[key], read);
        }

        return 1 - ((double)loads / Reads);

        int Load(int key)
        {
            loads++;
            return versions[key];
        }
    }

    // Rows of several types, each time others, so that clocks and records are as many as they may be.
    private static async Task WriteAsync(Node node, int seed, CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var first = (i * 20_000) + (seed * 10_000);
            Tag[] rows = [.. Enumerable.Range(first, 10_000).Select(r => Tag.Of(r % 40 == 0 ? $"type{r % 7}" : "mapping", r.ToString(CultureInfo.InvariantCulture)))];
            Assert.NotNull(await node.Engine.InvalidateAsync(Busy, rows));
            await Task.Yield();
        }
    }
}
