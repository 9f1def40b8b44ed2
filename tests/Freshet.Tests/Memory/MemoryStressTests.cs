using Freshet.Memory;

namespace Freshet.Tests.Memory;

/// <summary>Readers and writers at once: what is found is right, the bound holds at every moment, nothing breaks.</summary>
public sealed class MemoryStressTests : MemoryTests
{
    [Fact]
    public async Task ConcurrentReadersAndWriters_LeaveAConsistentStore()
    {
        const int Capacity = 300_000;
        const int Steps = 100_000;
        var store = NewStore(Capacity);
        var fences = new long[256];
        var broken = 0;
        var seen = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Factory.StartNew(
            () => Work(new Random(worker)), TaskCreationOptions.LongRunning)));

        Assert.Equal(0, broken);
        Assert.True(seen > Steps / 10);

        void Work(Random random)
        {
            for (var step = 0; step < Steps; step++)
            {
                var n = (int)Math.Pow(2, random.NextDouble() * 8);
                var key = $"k{n}";
                var atLeast = Volatile.Read(ref fences[n]);
                if (store.TryGet(key, out var found))
                {
                    seen++;
                    if (found.Key != key || (string)found.Value != key)
                        Interlocked.Increment(ref broken);
                    if (random.Next(16) == 0)
                        store.Remove(found);
                }

                switch (random.Next(64))
                {
                    case < 16:
                        var fence = atLeast + random.Next(3);
                        if (store.Put(Entry(key, fence, step, random.Next(5_000), TimeSpan.FromSeconds(random.Next(20)))) == PutVerdict.Stored)
                            Volatile.Write(ref fences[n], fence);
                        break;
                    case 16:
                        Time.Advance(TimeSpan.FromMilliseconds(400));
                        break;
                    case 17 when random.Next(50) == 0:
                        store.Clear();
                        break;
                    default:
                        break;
                }

                if (store.Bytes > Capacity)
                    Interlocked.Increment(ref broken);
            }
        }
    }
}
