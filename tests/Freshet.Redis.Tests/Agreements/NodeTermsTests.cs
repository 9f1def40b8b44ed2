using Freshet.Redis.Agreements;
using Freshet.Storage;

namespace Freshet.Redis.Tests.Agreements;

/// <summary>Which nodes agree (R9).</summary>
public class NodeTermsTests
{
    private static NodeTerms Terms(
        string secret = "A", string[]? accepts = null, string prefix = "freshet", int database = 0, int format = 1, double maxStaleness = 1, string? sessionKey = null,
        string tenants = "none") => new(
            prefix, database, TimeSpan.FromSeconds(maxStaleness),
            [
                new AgreedSetting(NodeTerms.SecretName, secret, accepts ?? [], "Fix the secret."),
                .. sessionKey is null ? Array.Empty<AgreedSetting>() : [new AgreedSetting("SessionKey", sessionKey, [], "Fix the key.")],
                new AgreedSetting("Tenants", tenants, [], "Fix the tenants."),
            ],
            format);

    private static string? Between(NodeTerms one, NodeTerms other)
    {
        var found = one.With(other.Text)?.Setting;
        Assert.Equal(found, other.With(one.Text)?.Setting); // both find the same
        return found;
    }

    [Fact]
    public void Text_IsThatOfTheProtocol() => Assert.Equal(
        "1 my:app/3 1 1500 Freshet:Redis:Secret=A,B,C SessionKey=K Tenants=none",
        Terms(accepts: ["C", "B"], prefix: "my:app", database: 3, maxStaleness: 1.5, sessionKey: "K").Text);

    [Fact]
    public void SameSettings_Agree() => Assert.Null(Between(Terms(), Terms()));

    [Fact]
    public void MaxStalenessDiffers_TheyAgree() => Assert.Null(Between(Terms(), Terms(maxStaleness: 5)));

    [Fact]
    public void OneLacksASetting_TheyAgree() => Assert.Null(Between(Terms(), Terms(sessionKey: "K")));

    [Fact]
    public void EachDifference_IsNamed()
    {
        Assert.Equal("Freshet:Redis:Secret", Between(Terms(), Terms(secret: "B")));
        Assert.Equal("SessionKey", Between(Terms(sessionKey: "K"), Terms(sessionKey: "L")));
        Assert.Equal("Tenants", Between(Terms(), Terms(tenants: "declared")));
        Assert.Equal("the version of Freshet", Between(Terms(), Terms(format: 2)));
        Assert.Equal("Freshet:Redis:Prefix", Between(Terms(), Terms(prefix: "other")));
        Assert.Equal("Freshet:Redis:Address", Between(Terms(), Terms(database: 1)));
        Assert.Equal("Freshet:Redis:Prefix", Between(Terms(), Terms(secret: "B", accepts: ["A"], prefix: "other")));
    }

    [Fact]
    public void AnotherApplication_HasAnotherSecret()
    {
        Assert.Null(Between(Terms(), Terms(secret: "B", prefix: "other", format: 2, tenants: "declared")));
        Assert.Null(Between(Terms(), Terms(secret: "B", database: 1)));
    }

    // The steps of a rotation: neighbours agree, and no others do.
    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(1, 2, true)]
    [InlineData(2, 3, true)]
    [InlineData(0, 2, false)]
    [InlineData(1, 3, false)]
    [InlineData(0, 3, false)]
    public void StepsOfARotation_AgreeWithTheirNeighboursOnly(int one, int other, bool agree)
    {
        NodeTerms[] steps = [Terms("A"), Terms("A", ["B"]), Terms("B", ["A"]), Terms("B")];
        Assert.Equal(agree ? null : "Freshet:Redis:Secret", Between(steps[one], steps[other]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2 freshet/0 1 1000 Freshet:Redis:Secret=A")]
    [InlineData("1 freshet 1 1000")]
    [InlineData("1 freshet/0 1 soon")]
    [InlineData("1 freshet/0 1 1000 nothing")]
    [InlineData("1 freshet/0 1 1000 a=1 a=2")]
    public void TermsThatCannotBeRead_AreOfAnotherVersion(string text) => Assert.Equal("the version of Freshet", Terms().With(text)!.Setting);
}
