using System.Collections.Concurrent;
using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>
/// Real threads on the real engine: rows with versions, writers that commit, log and acknowledge, readers that remember
/// what was acknowledged before they arrived. One answer older than that fails.
/// </summary>
public sealed class CoherenceStressTests
{
    private const int Rows = 8;
    private const int Keys = 24;
    private const int ReadsPerThread = 40_000;

    [Fact]
    public async Task C4_C5_C9_ReadersAndWritersRace_NoAnswerIsOlderThanAnAcknowledgedWrite()
    {
        // Small memory, so that eviction takes part.
        using var fixture = new EngineFixture(o => o.Memory.CapacityBytes = 64 << 10);
        var database = new long[Rows];
        var acknowledged = new long[Rows];
        var violations = new ConcurrentQueue<string>();
        var verdicts = new ConcurrentDictionary<CacheReason, int>();
        var readersLeft = 3;

        var threads = Enumerable.Range(0, 3).Select(seed => StartThread(() => Read(seed)))
            .Concat(Enumerable.Range(0, 2).Select(seed => StartThread(() => Write(seed))))
            .ToArray();
        await Task.WhenAll(threads);

        Assert.Empty(violations);
        // The race took place: every way of being answered occurred.
        foreach (var reason in new[] { CacheReason.Fresh, CacheReason.Touched, CacheReason.Coalesced, CacheReason.TouchedDuringLoad })
            Assert.True(verdicts.ContainsKey(reason), $"{reason} never occurred.");

        async Task Read(int seed)
        {
            var random = new Random(seed);
            for (var i = 0; i < ReadsPerThread; i++)
            {
                var key = random.Next(Keys);
                var row = key % Rows;
                var known = Volatile.Read(ref acknowledged[row]);
                var arrival = fixture.Engine.Arrive();
                var name = $"key{key}";
                var verdict = fixture.Engine.Look(name, arrival, out var entry);
                var value = entry?.Value;
                if (verdict is not CacheReason.Fresh)
                {
                    verdicts.TryAdd(verdict, 0);
                    var outcome = await fixture.Engine.LoadAsync(name, fixture.Request((scope, _) => LoadRow(scope, row, random.Next(4)), arrival), default);
                    value = outcome.Value;
                    verdicts.TryAdd(outcome.Reason, 0);
                    verdicts.TryAdd(outcome.NotStored, 0);
                }
                else
                {
                    verdicts.TryAdd(verdict, 0);
                }

                if ((long)value! < known)
                    violations.Enqueue($"{name}: answered {value}, acknowledged {known} before, {verdict}");
            }

            Interlocked.Decrement(ref readersLeft);
        }

        async ValueTask<Loaded> LoadRow(LoadScope scope, int row, int slowness)
        {
            scope.DependsOn(Tag.Of("row", $"{row}"));
            var version = Volatile.Read(ref database[row]);
            // Between reading and ending, others run.
            for (var i = 0; i < slowness; i++)
                await Task.Yield();
            return new Loaded(version, 8 + (row * 100), TimeSpan.FromMinutes(1));
        }

        async Task Write(int seed)
        {
            var random = new Random(100 + seed);
            while (Volatile.Read(ref readersLeft) > 0)
            {
                var row = random.Next(Rows);
                var version = Interlocked.Increment(ref database[row]);
                // By the row, or by all rows at once.
                await fixture.Engine.InvalidateAsync(Tenant.Default, [random.Next(10) == 0 ? Tag.Of("row") : Tag.Of("row", $"{row}")]);
                for (var known = Volatile.Read(ref acknowledged[row]); known < version;)
                    known = Interlocked.CompareExchange(ref acknowledged[row], version, known) is var seen && seen == known ? version : seen;
                if (random.Next(3) == 0)
                    await Task.Yield();
            }
        }
    }

    private static Task StartThread(Func<Task> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
}
