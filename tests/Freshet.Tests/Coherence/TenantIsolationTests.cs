using Freshet.Coherence;
using Freshet.Keys;
using Freshet.Simulation;

namespace Freshet.Tests.Coherence;

/// <summary>What the writes of one tenant do to the entries of others, and to its own that they do not concern.</summary>
public class TenantIsolationTests
{
    private const int Rows = 20_000;
    private const int Entries = 500;

    private static readonly Tenant Writer = Tenant.Named("writer");
    private static readonly Tenant Reader = Tenant.Named("reader");

    public static TheoryData<int> Writes => [1, 64, Rows];

    private static Tag Row(int id) => Tag.Of("import", $"{id}");

    // As answers are: some made from a row or two, some from a list, some from a row and its parts.
    private static EntryClocks[] Answers(TagClocks clocks, Tenant tenant, string type) =>
        [.. Enumerable.Range(0, Entries).Select(i => clocks.ClocksOf(
            tenant, Tag.Of(type, $"{i}"), Tag.Of("user", $"{i % 50}"), i % 5 == 0 ? Tag.Of("kind").Subtree : Tag.Of(type, $"{i}", "parts").Subtree))];

    private static int Gone(EntryClocks[] answers, long fence) => answers.Count(a => !a.Untouched(fence));

    private static void WriteRows(TagClocks clocks, Tenant tenant, int writes)
    {
        foreach (var write in Enumerable.Range(0, Rows).Chunk(Rows / writes))
            clocks.Touch(tenant, [.. write.Select(Row)]);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public void RowsWrittenByOneTenant_LeaveTheEntriesOfOthersAndThePublicOnes(int writes)
    {
        var clocks = new TagClocks();
        clocks.Touch(Reader, [Row(1)]);
        clocks.Touch(Tenant.Public, [Row(1)]);
        var (others, shared) = (Answers(clocks, Reader, "import"), Answers(clocks, Tenant.Public, "import"));
        var fence = clocks.Now;
        WriteRows(clocks, Writer, writes);

        Assert.Equal((0, 0), (Gone(others, fence), Gone(shared, fence)));
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public void RowsWrittenByATenant_LeaveItsOwnEntriesThatTheyDoNotConcern(int writes)
    {
        var clocks = new TagClocks();
        var own = Answers(clocks, Writer, "export");
        var fence = clocks.Now;
        WriteRows(clocks, Writer, writes);

        Assert.Equal(0, Gone(own, fence));
        Assert.Equal(Entries, Gone(Answers(clocks, Writer, "import"), fence));
    }

    [Fact]
    public void C12_ClocksThatWereForgotten_CountAsTouched_AndLaterEntriesStay()
    {
        var clocks = new TagClocks(64);
        var early = Answers(clocks, Writer, "export");
        var earlyFence = clocks.Now;
        WriteRows(clocks, Writer, Rows); // far more than there is room for
        Assert.Equal(Entries, Gone(early, earlyFence));

        var late = Answers(clocks, Writer, "export");
        var lateFence = clocks.Now;
        for (var i = 0; i < 8; i++)
            clocks.Touch(Writer, [Row(i)]);
        Assert.Equal(0, Gone(late, lateFence));
    }

    [Fact]
    public void C12_WriteOfMoreRowsThanThereMayBeClocks_TouchesTheTenant()
    {
        var clocks = new TagClocks(64);
        var (own, others) = (Answers(clocks, Writer, "export"), Answers(clocks, Reader, "export"));
        var fence = clocks.Now;
        WriteRows(clocks, Writer, 1);
        Assert.Equal((Entries, 0), (Gone(own, fence), Gone(others, fence)));
        Assert.Equal(0, Gone(own, clocks.Now));
    }

    [Fact]
    public void ClocksAreSpent_TheLargerTableGivesHalf_AndTheSmallerOneStays()
    {
        var clocks = new TagClocks(1 << 16);
        var small = Tenant.Named("small");
        for (var i = 0; i < 100; i++)
            clocks.Touch(small, [Row(i)]);
        var (smalls, writers) = (Answers(clocks, small, "export"), Answers(clocks, Writer, "export"));
        var smallsFence = clocks.Now;
        WriteRows(clocks, Writer, Rows);
        var fence = clocks.Now;
        for (var i = 0; i < 2000; i++)
            clocks.Touch(Reader, [Row(i)]);

        // The largest has given half, and remembers what was touched last; nothing of it was touched since.
        Assert.Equal(0, Gone(smalls, smallsFence));
        Assert.Equal(0, Gone(writers, fence));
        Assert.InRange(clocks.Places, 1 << 12, 1 << 16);
    }

    [Fact]
    public void ManyTenantsThatWrite_KeepTheBound()
    {
        var clocks = new TagClocks(1 << 14);
        var random = new Prng(1);
        for (var i = 0; i < 200_000; i++)
            clocks.Touch(Tenant.Named($"{random.Below(500)}"), [Row(random.Below(100_000))]);

        Assert.InRange(clocks.Places, 1 << 13, 1 << 14);
    }

    [Fact]
    public void SameTag_HasAnotherClockInEachProcess()
    {
        // As two processes have them.
        var hashes = Enumerable.Range(0, 1000).Select(_ => TagHash.Random()).Select(h => TenantClocks.At(h.OfPath(Row(1).Segments)));
        Assert.InRange(hashes.Distinct().Count(), 999, 1000);
    }
}
