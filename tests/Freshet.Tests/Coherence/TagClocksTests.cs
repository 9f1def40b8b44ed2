using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

public class TagClocksTests
{
    private static readonly Tenant Owner = Tenant.Named("a");

    private readonly TagClocks _clocks = new(1 << 16);

    [Theory]
    [InlineData("import/42", "import/42", true)]
    [InlineData("import/42", "import/43", false)]
    [InlineData("import/42", "import", true)] // everything under what is touched
    [InlineData("import/42", "/", true)]
    [InlineData("import", "import/42", false)] // a node, not a subtree
    [InlineData("import/**", "import/42", true)]
    [InlineData("import/**", "import/42/mappings", true)]
    [InlineData("import/**", "import", true)]
    [InlineData("import/**", "export/42", false)]
    [InlineData("import/42/**", "import/43", false)]
    [InlineData("import/42/**", "import", true)]
    [InlineData("**", "export/1", true)]
    [InlineData("**", "/", true)]
    [InlineData("/", "export/1", false)]
    public void C4_Touch_HitsItsPathAndWhatIsUnderIt(string dependency, string touched, bool hit)
    {
        var clocks = Clocks(Owner, Dependency.Parse(dependency));
        var fence = _clocks.Now;

        _clocks.Touch(Owner, [Tag.Parse(touched)]);

        Assert.Equal(!hit, clocks.Untouched(fence));
        Assert.True(clocks.Untouched(_clocks.Now));
    }

    [Fact]
    public void C4_TouchOfAnotherTenant_HitsNothing()
    {
        var clocks = Clocks(Owner, Tag.Root.Subtree);
        var fence = _clocks.Now;

        _clocks.Touch(Tenant.Named("b"), [Tag.Root]);
        _clocks.Touch(Tenant.Public, [Tag.Of("x")]);

        Assert.True(clocks.Untouched(fence));
    }

    [Fact]
    public void C7_Forget_HitsEverythingOfTheTenant()
    {
        var clocks = Clocks(Owner, Tag.Of("import", "42"));
        var fence = _clocks.Now;
        _clocks.Forget(Owner);

        Assert.False(clocks.Untouched(fence));
    }

    [Fact]
    public void Touch_OfSeveralTags_IsOneTick()
    {
        var before = _clocks.Now;

        Assert.Equal(before + 1, _clocks.Touch(Owner, [Tag.Of("a"), Tag.Of("b")]));
        Assert.Equal(before + 1, _clocks.Now);
    }

    [Fact]
    public void C10_Advance_StartsATickThatTouchesNothing()
    {
        var clocks = Clocks(Owner, Tag.Root.Subtree);
        var fence = _clocks.Now;

        Assert.Equal(fence + 1, _clocks.Advance());
        Assert.Equal(fence + 1, _clocks.Now);
        Assert.True(clocks.Untouched(fence));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(100)]
    [InlineData(1 << 27)]
    public void SizeThatIsNoPowerOfTwo_IsRefused(int size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TagClocks(size));

    /// <summary>A value and its tag: writers raise the value, touch the tag, and only then acknowledge. Readers keep what they
    /// read with the fence from before it; whatever the threads do, a reader who arrives after an acknowledgement never
    /// finds something older valid.</summary>
    [Fact]
    public void C1_C9_TouchAcknowledgedBeforeAnArrival_IsSeenByIt()
    {
        const int Tags = 8;
        const int Rounds = 60_000;
        var tags = Enumerable.Range(0, Tags).Select(i => (IReadOnlyList<Tag>)[Tag.Of("row", $"{i}")]).ToArray();
        var clocks = tags.Select(t => Clocks(Owner, t[0])).ToArray();
        var values = new long[Tags];
        var acknowledged = new long[Tags];
        var broken = 0;
        using var start = new Barrier(4);

        void Write(int seed)
        {
            start.SignalAndWait();
            for (var i = 0; i < Rounds; i++)
            {
                // Each writer has tags of its own, so that the version it acknowledges is the one it wrote.
                var tag = ((i * 7) + seed) % (Tags / 2) * 2 + (seed & 1);
                var version = Volatile.Read(ref values[tag]) + 1;
                Volatile.Write(ref values[tag], version);
                _clocks.Touch(Owner, tags[tag]);
                Volatile.Write(ref acknowledged[tag], version);
            }
        }

        void Read(int seed)
        {
            var kept = new (long Fence, long Value)[Tags];
            start.SignalAndWait();
            for (var i = 0; i < Rounds * 2; i++)
            {
                var tag = ((i * 5) + seed) % Tags;
                var required = Volatile.Read(ref acknowledged[tag]);
                var arrival = _clocks.Now;
                if (clocks[tag].Untouched(kept[tag].Fence))
                {
                    if (kept[tag].Value < required)
                        Interlocked.Increment(ref broken);
                }
                else
                {
                    kept[tag] = (arrival, Volatile.Read(ref values[tag]));
                }
            }
        }

        var threads = new[] { new Thread(() => Write(0)), new Thread(() => Write(1)), new Thread(() => Read(2)), new Thread(() => Read(3)) };
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        Assert.Equal(0, broken);
        Assert.Equal(2 * Rounds, _clocks.Now);
    }

    private EntryClocks Clocks(Tenant tenant, Dependency dependency) => _clocks.ClocksOf(tenant, dependency);
}
