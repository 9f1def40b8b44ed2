using Freshet.Memory;

namespace Freshet.Tests.Memory;

public sealed class ExpiryTests : MemoryTests
{
    [Fact]
    public void Expired_LeavesWithTheNextWrites()
    {
        var store = NewStore();
        store.Put(Entry("short", expiresIn: TimeSpan.FromSeconds(2)));
        store.Put(Entry("long", expiresIn: TimeSpan.FromHours(2)));
        store.Put(Entry("forever"));

        Time.Advance(TimeSpan.FromSeconds(3));
        store.Put(Entry("other"));

        Assert.False(store.TryGet("short", out _));
        Assert.True(store.TryGet("long", out _));
        Assert.True(store.TryGet("forever", out _));
        Assert.Equal(1, store.Removals(RemovalCause.Expired));
    }

    [Fact]
    public void StaleAllowed_StaysUntilItMayNotBeServedAtAll()
    {
        var store = NewStore();
        store.Put(Entry("k", expiresIn: TimeSpan.FromSeconds(30), staleFor: TimeSpan.FromMinutes(5)));
        Time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(store.TryGet("k", out _));
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(store.TryGet("k", out _));
    }

    [Fact]
    public void IdleStore_FreesWhatExpired()
    {
        var store = NewStore(capacity: 1 << 24);
        for (var i = 0; i < 10_000; i++)
            store.Put(Entry($"k{i}", expiresIn: TimeSpan.FromSeconds(60)));
        Time.Advance(TimeSpan.FromSeconds(55));
        Assert.Equal(10_000, store.Count);

        Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    [Fact]
    public void IdleStore_FreesWhatWasTouched()
    {
        var store = NewStore(capacity: 1 << 24);
        for (var i = 0; i < 10_000; i++)
        {
            var entry = Entry($"k{i}");
            store.Put(entry);
            if (i % 2 == 0)
                Touched.Add(entry);
        }

        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(5_000, store.Count);
        Assert.Equal(5_000, store.Removals(RemovalCause.Touched));
    }

    [Fact]
    public void ManyThatExpireTogether_CostEachWriteOnlyAFew()
    {
        var store = NewStore(capacity: 1 << 24);
        for (var i = 0; i < 10_000; i++)
            store.Put(Entry($"k{i}", expiresIn: TimeSpan.FromSeconds(8)));
        Time.Advance(TimeSpan.FromSeconds(9)); // the idle timer has not run yet

        store.Put(Entry("a"));
        Assert.InRange(store.Count, 9_900, 9_999);
        for (var i = 0; i < 10_000; i++)
            store.Put(Entry("a", ticket: i + 2));
        Assert.Equal(1, store.Count);
    }

    /// <summary>The wheel against the plain definition: nothing leaves early, everything has left a second after its time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Wheel_AgreesWithTheDefinition_OverSecondsAndDecades(int seed)
    {
        var random = new Random(seed);
        var frequency = Time.TimestampFrequency;
        var now = frequency * random.NextInt64(0, 1L << 34);
        var wheel = new ExpiryWheel(now, frequency);
        var waiting = new HashSet<CacheEntry>();
        for (var step = 0; step < 3_000; step++)
        {
            for (var i = random.Next(4); i > 0; i--)
            {
                var entry = Due(now + RandomSpan());
                wheel.Set(entry);
                waiting.Add(entry);
            }

            if (random.Next(4) == 0 && waiting.Count > 0)
            {
                var entry = waiting.ElementAt(random.Next(waiting.Count));
                wheel.Unset(entry);
                waiting.Remove(entry);
            }

            now += RandomSpan() / 4;
            var budget = int.MaxValue;
            while (wheel.TakeExpired(now, ref budget) is { } expired)
            {
                Assert.True(expired.UselessAt <= now, "it left early");
                Assert.True(waiting.Remove(expired), "it left twice");
            }

            var second = now / frequency * frequency;
            Assert.DoesNotContain(waiting, entry => entry.UselessAt + frequency <= second);
            wheel.Validate();
            Assert.Equal(waiting.Count, wheel.Count);
        }

        long RandomSpan() => (long)(frequency * Math.Pow(2, random.NextDouble() * 31)) - frequency;
        static CacheEntry Due(long at) =>
            new() { Key = "k", Value = "", Bytes = 0, Fence = 0, Ticket = 0, ExpiresAt = at };
    }

    [Fact]
    public void Wheel_NeverExpiringEntry_IsNotHung()
    {
        var wheel = new ExpiryWheel(0, 1);
        wheel.Set(Entry("k"));
        Assert.Equal(0, wheel.Count);
    }
}
