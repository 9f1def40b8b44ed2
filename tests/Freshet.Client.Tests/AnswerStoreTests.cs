namespace Freshet.Client.Tests;

public class AnswerStoreTests
{
    internal static KeptAnswer Answer(string key, int bytes = 0, params string[] groups) => new()
    {
        Key = key,
        Body = new byte[bytes],
        Headers = [],
        ContentHeaders = [],
        Version = new Version(1, 1),
        ETag = null,
        Vary = [],
        Groups = groups,
        Place = ClientPosition.Nowhere,
        Ticket = 1,
        SentAt = default,
        Lifetime = TimeSpan.FromHours(1),
        IsLive = true,
    };

    private static Touch TouchOf(params string[] groups) => new(groups, ClientPosition.Nowhere);

    [Fact]
    public void TooMany_TheOneThatWasNotUsedForLongestGoes()
    {
        var store = new AnswerStore(2, 1 << 20);
        store.Set(Answer("a"));
        store.Set(Answer("b"));
        Assert.NotNull(store.Get("a"));
        store.Set(Answer("c"));
        Assert.Equal((false, true, true), (store.Get("b") is not null, store.Get("a") is not null, store.Get("c") is not null));
    }

    [Fact]
    public void TooManyBytes_OthersGo_AndOneThatIsTooLargeIsNotKept()
    {
        var store = new AnswerStore(10, 10_000);
        store.Set(Answer("a", 6000));
        store.Set(Answer("b", 6000));
        Assert.Equal((1, true), (store.Count, store.Get("b") is not null));
        store.Set(Answer("b", 20_000));
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public void Touch_ReachesWhatIsInTheGroup_AndNothingElse()
    {
        var store = new AnswerStore(10, 1 << 20);
        store.Set(Answer("a", 0, "x", "y"));
        store.Set(Answer("b", 0, "y"));
        store.Set(Answer("c", 0, "z"));
        store.Touch(TouchOf("x", "unknown"));
        Assert.Equal((false, true, true), (store.Get("a")!.IsLive, store.Get("b")!.IsLive, store.Get("c")!.IsLive));
        store.Touch(Touch.Anything);
        Assert.All(new[] { "a", "b", "c" }, key => Assert.False(store.Get(key)!.IsLive));
    }

    [Fact]
    public void ReplacedAnswer_IsReachedByItsNewGroupsOnly()
    {
        var store = new AnswerStore(10, 1 << 20);
        store.Set(Answer("a", 0, "x"));
        store.Set(Answer("a", 0, "y"));
        store.Touch(TouchOf("x"));
        Assert.True(store.Get("a")!.IsLive);
        store.Touch(TouchOf("y"));
        Assert.False(store.Get("a")!.IsLive);
    }

    [Fact]
    public void NoRoom_KeepsNothing()
    {
        var store = new AnswerStore(0, 1 << 20);
        store.Set(Answer("a"));
        Assert.Equal(0, store.Count);
    }
}
