using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>The dashboard sums up and counts what everybody was told.</summary>
public class DashboardTests : PlantedTests
{
    [Fact]
    public void DashboardThatLacksAnAcknowledgedChange_IsCaught()
    {
        Ledger.Start("acme", [new(RowType.Asset, "a-1", 1), new(RowType.Mapping, "m-1", 1), new(RowType.Mapping, "m-2", 2)]);
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), Row("a-1", 2));
        Acknowledge(Vera, Api.Approve("i-1", ["m-1", "m-2"]), List(Mapping("m-1", 2), Mapping("m-2", 3)));
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Dashboard, Dashboard(102, 0, 0, 2, 1))?.Kind);
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(103, 0, 0, 2, 1)));
    }

    [Fact]
    public void WriteThatChangedNothing_AddsNothingToTheDashboard()
    {
        Ledger.Start("acme", [new RowVersion(RowType.Asset, "a-1", 2)]);
        Acknowledge(Alice, Api.PatchAsset("a-1", "same"), Row("a-1", 2));
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(100, 0, 0, 0, 1)));
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), Row("a-1", 3));
        Assert.NotNull(Judge(Vera, Api.Dashboard, Dashboard(100, 0, 0, 0, 1)));
    }

    [Theory]
    [InlineData(RowType.Engagement)]
    [InlineData(RowType.Import)]
    [InlineData(RowType.Mapping)]
    [InlineData(RowType.Asset)]
    public void RowThatTheDashboardDoesNotCount_IsCaught(object type)
    {
        Ledger.Start("acme", [Known((RowType)type, "x-1"), Known((RowType)type, "x-2")]);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Dashboard, Dashboard(100, 1, 1, 1, 1))?.Kind);
        Assert.Null(Judge(Vera, Api.Dashboard, Dashboard(100, 2, 2, 2, 2)));
    }

    [Fact]
    public void DashboardThatCountsNothing_IsCaught()
    {
        Ledger.Start("acme", [Known(RowType.Asset, "a-1")]);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Dashboard, """{"tenant":"acme","version":100}""")?.Kind);
    }
}
