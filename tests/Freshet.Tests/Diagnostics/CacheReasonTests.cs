using Freshet.Diagnostics;

namespace Freshet.Tests.Diagnostics;

public class CacheReasonTests
{
    public static TheoryData<CacheReason> All => [.. Enum.GetValues<CacheReason>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Reason_HasATextAndAnAdviceOfItsOwn(CacheReason reason)
    {
        Assert.Equal(CacheReasonText.Kebab(reason.ToString()), reason.Text());
        Assert.InRange(reason.Advice().Length, 20, 300);
        Assert.EndsWith(".", reason.Advice(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AdviceOfAReasonThatWarns_NamesWhatToWrite(CacheReason reason)
    {
        // It names a call, a setting or a header; or an imperative begins a sentence of it.
        string[] imperatives = ["Let ", "Give ", "Await ", "Read ", "Save ", "Write ", "Do not ", "Leave ", "Make ", "Name ", "Set ", "Filter ", "Raise ", "Add ", "stored once ", "read less"];
        if (reason.Warning() is not Warning.None)
            Assert.Contains(imperatives, word => reason.Advice().Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void Reasons_FitIntoOneWordOfBits() => Assert.All(Enum.GetValues<CacheReason>(), reason => Assert.InRange((int)reason, 0, 63));

    [Fact]
    public void Advice_IsNotSharedByReasonsOfWhichNothingIsStored()
    {
        var advices = Enum.GetValues<CacheReason>().Where(r => r.Warning() is not Warning.None).Select(r => r.Advice()).ToArray();
        Assert.Equal(advices.Length, advices.Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(advices.Length, 20, 64);
    }

    [Theory]
    [InlineData(CacheReason.Fresh)]
    [InlineData(CacheReason.Absent)]
    [InlineData(CacheReason.Session)]
    [InlineData(CacheReason.RequestDirective)]
    [InlineData(CacheReason.KeyInvalid)]
    [InlineData(CacheReason.Cancelled)]
    public void ReasonThatARequestDecides_DoesNotWarn(CacheReason reason) => Assert.Equal(Warning.None, reason.Warning());

    [Theory]
    [InlineData(CacheReason.NoDependency)]
    [InlineData(CacheReason.UnknownSource)]
    [InlineData(CacheReason.UsedContext)]
    [InlineData((CacheReason)63)]
    public void ReasonThatTheCodeOfTheEndpointDecides_WarnsAtOnce(CacheReason reason) => Assert.Equal(Warning.AtOnce, reason.Warning());
}
