using Traffic.Measuring;

namespace Traffic.Tests.Measuring;

public class CacheVerdictTests
{
    [Theory]
    [InlineData("HIT", "Freshet; hit; ttl=59; detail=fresh", "fresh", false)]
    [InlineData("MISS", "Freshet; fwd=uri-miss; fwd-status=200; stored; ttl=3600; detail=absent", "absent", true)]
    [InlineData("MISS", "Freshet; fwd=stale; fwd-status=200; collapsed; detail=coalesced", "coalesced", false)]
    [InlineData("HIT", "Freshet; hit; detail=a-word-of-tomorrow", "a-word-of-tomorrow", false)]
    [InlineData("BYPASS", null, null, false)]
    public void Verdict_IsReadFromBothFields(string xCache, string? status, string? reason, bool isLoad)
    {
        using var response = new HttpResponseMessage();
        response.Headers.Add("X-Cache", xCache);
        if (status is not null) response.Headers.Add("Cache-Status", status);
        Assert.Equal(new CacheVerdict(xCache, reason, isLoad), CacheVerdict.Of(response.Headers));
    }

    [Fact]
    public void LoadOfWhatAnEarlierOneBrought_IsCounted_WhoeverAskedFirst()
    {
        var loads = new LoadedKeys();
        loads.Loaded("acme", "/a", "\"1\"");
        loads.Loaded("acme", "/a", "\"2\"");
        loads.Loaded("globex", "/a", "\"1\"");
        Assert.Equal(0, loads.Again);
        loads.Forget();
        loads.Loaded("acme", "/a", "\"2\"");
        loads.Loaded(null, "/b", "\"1\"");
        Assert.Equal(1, loads.Again);
        loads.Forget();
        Assert.Equal(0, loads.Again);
    }
}
