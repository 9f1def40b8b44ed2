using Freshet.Coherence;
using Freshet.Events;
using Freshet.Invalidation;
using Freshet.Loading;
using Freshet.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Tests.Events;

public class InvalidationFeedTests
{
    private static readonly Tenant Acme = Tenant.Named("acme");
    private static readonly GroupNames Names = new(new byte[32]);
    private readonly EmbeddedStore _store = new(new TagClocks(1024), 4);
    private readonly InvalidationFeed _feed;
    private readonly EntityModel _model;

    public InvalidationFeedTests()
    {
        var source = new EntityModelSource(
            [
                new EntityModelPart(true, (_, model) =>
                {
                    model.Entity("import");
                    model.Entity("country").Public();
                    model.Entity("inbox").UserScoped();
                }),
            ],
            new ServiceCollection().BuildServiceProvider());
        _model = source.Model;
        _feed = new InvalidationFeed(_store, source, Names);
    }

    private static IReadOnlyCollection<string> NamesOf(params string[] tags) => Names.OfTouches([.. tags.Select(t => (Acme, Tag.Parse(t)))], 100);

    private async Task TouchAsync(Tenant tenant, ChangeSummary change, params string[] tags) =>
        await _store.AppendAsync(tenant, [.. tags.Select(Tag.Parse)], change);

    private static ChangeSummary Updated(string entity, string id) => new(ChangeAction.Updated, entity, id);

    [Fact]
    public async Task OneRecord_IsToldAsItIs()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, Updated("import", "42"), "import/42");
        var reading = _feed.Read(Acme, start);

        Assert.Equal((FeedGap.None, _feed.Head(Acme)), (reading.Gap, reading.To));
        var told = reading.For(null)!;
        Assert.Equal(Updated("import", "42"), told.Change);
        Assert.Equal(["import"], told.Entities);
        Assert.Equal(NamesOf("import/42"), told.Groups);
        Assert.Null(_feed.Read(Acme, reading.To).For(null));
    }

    [Fact]
    public async Task SeveralRecords_OfBothLogs_AreMerged()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, Updated("import", "42"), "import/42");
        await TouchAsync(Acme, new ChangeSummary(ChangeAction.Deleted, "import", "43"), "import/43");
        await TouchAsync(Tenant.Public, default, "countries");
        var told = _feed.Read(Acme, start).For(null)!;

        Assert.Equal(new ChangeSummary(ChangeAction.BulkOperation), told.Change);
        Assert.Equal(NamesOf("import/42", "import/43").Concat(Names.OfTouches([(Tenant.Public, Tag.Of("countries"))], 100)).Order(StringComparer.Ordinal), told.Groups.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OtherTenant_IsNotTold()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Tenant.Named("globex"), Updated("import", "42"), "import/42");
        Assert.Equal(start, _feed.Head(Acme));
        Assert.Null(_feed.Read(Acme, start).For(null));
    }

    [Fact]
    public async Task TrimmedLog_OtherEpoch_OrNoPlace_IsAGap()
    {
        var start = _feed.Head(Acme);
        for (var i = 0; i < 5; i++)
            await TouchAsync(Acme, default, "x");
        Assert.Equal(FeedGap.Trimmed, _feed.Read(Acme, start).Gap);
        Assert.Equal(FeedGap.Trimmed, _feed.Read(Acme, start with { Own = null }).Gap);
        Assert.Equal(FeedGap.Epoch, _feed.Read(Acme, start with { Public = new Position(new Epoch(1), 0) }).Gap);
        Assert.Equal(_feed.Head(Acme), _feed.Read(Acme, start).To);
    }

    [Fact]
    public void PlaceAheadOfThisNode_IsNoGap()
    {
        var head = _feed.Head(Acme);
        var ahead = head with { Own = head.Own!.Value with { Offset = 7 } };
        var reading = _feed.Read(Acme, ahead);
        Assert.Equal((FeedGap.None, head), (reading.Gap, reading.To));
    }

    [Fact]
    public async Task UserScopedRow_IsToldToItsUserAlone()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, Updated("inbox", "7"), "inbox/7");
        var reading = _feed.Read(Acme, start);

        Assert.Equal("7", Assert.Single(reading.Users));
        Assert.Null(reading.For(null));
        Assert.Null(reading.For("8"));
        Assert.Equal((Updated("inbox", "7"), "inbox"), (reading.For("7")!.Change, string.Join(' ', reading.For("7")!.Entities)));
    }

    [Fact]
    public async Task RecordThatTouchesAUsersRowToo_HidesItAndItsIdFromOthers()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, Updated("import", "42"), "import/42", "inbox/7");
        var reading = _feed.Read(Acme, start);

        var others = reading.For("8")!;
        Assert.Equal(new ChangeSummary(ChangeAction.Updated, "import"), others.Change);
        Assert.Equal(["import"], others.Entities);
        Assert.Equal(NamesOf("import/42"), others.Groups);
        Assert.Equal(NamesOf("import/42", "inbox/7").Order(StringComparer.Ordinal), reading.For("7")!.Groups.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("inbox", "7/5")]
    [InlineData("import", "42")]
    public async Task RowWhoseTenantIsNotKnown_IsNamedToNobody(string entity, string id)
    {
        // As a job without a tenant writes it: the type, in the public log.
        var start = _feed.Head(Acme);
        await TouchAsync(Tenant.Public, Updated(entity, id), entity);
        Assert.Equal(new ChangeSummary(ChangeAction.Updated, entity), _feed.Read(Acme, start).For("8")!.Change);
    }

    [Fact]
    public async Task RowOfSharedType_IsNamedToItsOwnTenant_AndToOthersOnlyWhenItIsPublic()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Tenant.Public, Updated("import", "42"), "import/42");
        var told = _feed.Read(Acme, start).For(null)!;
        Assert.Equal((new ChangeSummary(ChangeAction.Updated, "import"), 3), (told.Change, told.Groups.Count));

        start = _feed.Head(Acme);
        await TouchAsync(Tenant.Public, Updated("country", "CH"), "country/CH");
        Assert.Equal(Updated("country", "CH"), _feed.Read(Acme, start).For(null)!.Change);

        var head = _feed.Head(Tenant.Default);
        await TouchAsync(Tenant.Public, Updated("import", "@1/2"), "import/@1/2");
        Assert.Equal(Updated("import", "@1/2"), _feed.Read(Tenant.Default, head).For(null)!.Change);
    }

    [Fact]
    public async Task WriteWithRecordsInBothLogs_IsNamedAsItsOwnTenantIsToldOfIt()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, Updated("import", "42"), "import/42");
        await TouchAsync(Tenant.Public, Updated("import", "42"), "inbox/7");
        Assert.Equal(Updated("import", "42"), _feed.Read(Acme, start).For("7")!.Change);
    }

    [Fact]
    public async Task WholeUserScopedType_IsToldToAll()
    {
        var start = _feed.Head(Acme);
        await TouchAsync(Acme, new ChangeSummary(ChangeAction.BulkOperation, "inbox"), "inbox");
        Assert.Equal(["inbox"], _feed.Read(Acme, start).For(null)!.Entities);
    }

    [Theory]
    [InlineData("import/42", null, true)]
    [InlineData("import/**", null, true)]
    [InlineData("inbox/7", "7", true)]
    [InlineData("inbox/7", "8", false)]
    [InlineData("inbox/7", null, false)]
    [InlineData("inbox/7/x", "7", true)]
    [InlineData("inbox/**", "7", false)]
    [InlineData("**", "7", false)]
    [InlineData("inbox", "7", true)]
    public void Answer_IsHeardOf_WhenItsClientIsToldOfAllThatConcernsIt(string dependency, string? user, bool isHeard) =>
        Assert.Equal(isHeard, UserScope.Hears(_model, [new EntryDependency(Acme, Dependency.Parse(dependency))], Acme, user));

    [Fact]
    public void AnswerMadeFromAnotherTenantsData_IsNotHeardOf()
    {
        Assert.False(UserScope.Hears(_model, [new EntryDependency(Tenant.Named("globex"), Tag.Of("import"))], Acme, null));
        Assert.True(UserScope.Hears(_model, [new EntryDependency(Tenant.Public, Tag.Of("import"))], Acme, null));
    }
}
