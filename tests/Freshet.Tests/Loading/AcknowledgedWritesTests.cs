using Freshet.Loading;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Tests.Loading;

public class AcknowledgedWritesTests
{
    private static readonly TimeSpan ShowsWithin = TimeSpan.FromSeconds(1);
    private static readonly Position At = new(new Epoch(1), 1);
    private readonly FakeTimeProvider _time = new();

    private AcknowledgedWrites Writes => new(_time, ShowsWithin);

    [Fact]
    public async Task WriteAfterTheHead_DoesNotDisturbWhatTheHeadTells()
    {
        var writes = Writes;
        await writes.AddAsync(Tenant.Default, At, [Tag.Of("import", "1"), Tag.Of("import", "2")]);
        var told = Assert.Single(writes.Take(endsByLength: false)).Value;
        await writes.AddAsync(Tenant.Default, At with { Offset = 2 }, [Tag.Of("import", "3")]);
        Assert.Equal((2, At), (told.Tags.Count, told.Positions.Latest));
    }

    [Fact]
    public async Task C9_WriteThatTheHeadDoesNotTell_IsWaitedForFromItsAppendOn()
    {
        var writes = Writes;
        await writes.AddAsync(Tenant.Default, At, []);
        writes.Take(endsByLength: false);
        Assert.True(writes.ShownAsync(TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);

        Assert.True(writes.AddAsync(Tenant.Default, null, []).AsTask().IsCompletedSuccessfully);
        Assert.True(writes.IsUntoldPending);
        var shown = writes.ShownAsync(TestContext.Current.CancellationToken).AsTask();
        _time.Advance(ShowsWithin - TimeSpan.FromMilliseconds(1));
        Assert.False(shown.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await shown;
    }

    [Fact]
    public async Task C9_AnswerThatEndsByItsLength_TheWriterWaits()
    {
        var writes = Writes;
        writes.Take(endsByLength: true);
        var added = writes.AddAsync(Tenant.Default, At, []).AsTask();
        Assert.False(added.IsCompleted);
        _time.Advance(ShowsWithin);
        await added;
    }

    [Fact]
    public async Task MoreLogsThanAreNoted_EverythingCountsAsTouched_AndTheRestIsUntold()
    {
        var writes = Writes;
        for (var i = 0; i <= AcknowledgedWrites.MostLogs; i++)
            await writes.AddAsync(Tenant.Named(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"t{i}")), At, [Tag.Of("import")]);
        Assert.Equal((AcknowledgedWrites.MostLogs, true, true), (writes.Take(endsByLength: false).Length, writes.IsEverything, writes.HasUntold));
    }

    [Fact]
    public async Task MoreTagsThanAreNoted_TheirTypesAreNamed()
    {
        var writes = Writes;
        var tags = Enumerable.Range(0, 10_000).Select(i => Tag.Of("row", i.ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();
        await writes.AddAsync(Tenant.Default, At, tags);
        Assert.Equal([Tag.Of("row")], Assert.Single(writes.Take(endsByLength: false)).Value.Tags);
    }
}
