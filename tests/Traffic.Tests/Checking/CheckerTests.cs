using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>Answers about one row, and answers of any kind.</summary>
public class CheckerTests : PlantedTests
{
    [Fact]
    public void RowOlderThanTheClientsOwnWrite_IsCaught()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":2}""");
        var broken = Judge(Alice, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}""");
        Assert.Equal(BrokenKind.OwnWriteLost, broken?.Kind);
        Assert.Contains("version 1, acknowledged was 2", broken!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void RowOlderThanAWriteAcknowledgedToAnother_IsCaught()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":2}""");
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}""")?.Kind);
    }

    [Fact]
    public void RowAsAcknowledgedOrNewer_Passes()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":2}""");
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":2}"""));
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":3}"""));
    }

    [Fact]
    public void OldRowOfARequestThatBeganBeforeTheAcknowledgement_Passes()
    {
        var begin = Ledger.Begin();
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":2}""");
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}""", begin: begin));
    }

    [Fact]
    public void AcknowledgementsThatArriveInAnotherOrder_CountByTheHighest()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":3}""");
        Acknowledge(Vera, Api.PatchAsset("a-1", "newer"), """{"tenant":"acme","id":"a-1","version":2}""");
        Assert.NotNull(Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":2}"""));
    }

    [Fact]
    public void NotModified_IsJudgedByTheBodyHeld()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"tenant":"acme","id":"a-1","version":2}""");
        Assert.Equal(BrokenKind.OwnWriteLost, Judge(Alice, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}""", status: 304)?.Kind);
        Assert.Null(Judge(Alice, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":2}""", status: 304));
    }

    [Fact]
    public void NotModifiedToAClientThatHoldsNothing_IsCaught() =>
        Assert.Equal(BrokenKind.NothingHeld, Judge(Alice, Api.Asset("a-1"), body: null, status: 304)?.Kind);

    [Fact]
    public void RowOlderThanAtTheStart_IsCaught()
    {
        Ledger.Start("acme", [new RowVersion(RowType.Asset, "a-1", 2)]);
        Assert.NotNull(Judge(Vera, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}"""));
    }

    [Fact]
    public void WriteRefusedForAConflict_IsNoWrite()
    {
        Assert.Null(Checker.Acknowledge(AnswerOf(Alice, Api.PatchAsset("a-1", "new"), null, 0, 409)));
        Assert.Null(Judge(Alice, Api.Asset("a-1"), """{"tenant":"acme","id":"a-1","version":1}"""));
    }

    [Fact]
    public void ContextWithAnOldRole_IsCaught()
    {
        Acknowledge(Alice, Api.ChangeRole(Worlds.Viewer.Id, "editor"), """{"tenant":"acme","id":"u-2","version":2,"role":"editor"}""");
        Assert.NotNull(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":1,"role":"viewer"}"""));
        Assert.Equal(BrokenKind.WrongRole, Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":2,"role":"viewer"}""")?.Kind);
        Assert.Null(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":2,"role":"editor"}"""));
        Assert.Null(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":3,"role":"viewer"}"""));
    }

    [Fact]
    public void ContextOfAnotherUser_IsCaught() =>
        Assert.Equal(BrokenKind.WrongRow, Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-1","version":1,"role":"admin"}""")?.Kind);

    [Fact]
    public void RowWhoseIdDiffersOnlyInCase_IsCaught() =>
        Assert.Equal(BrokenKind.WrongRow, Judge(Vera, Api.Import("I-1"), """{"tenant":"acme","id":"i-1","version":1}""")?.Kind);

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(404)]
    public void Failure_IsCaught(int status)
    {
        Assert.Equal(BrokenKind.Failed, Judge(Vera, Api.Asset("a-1"), body: null, status: status)?.Kind);
        Assert.Equal(BrokenKind.Failed, Checker.Acknowledge(AnswerOf(Alice, Api.PatchAsset("a-1", "new"), null, 0, status))?.Kind);
    }

    [Fact]
    public void ReferenceData_NeedsNoVersion() => Assert.Null(Judge(Vera, Api.Countries("en"), """{"items":[{"id":"SK"}]}"""));
}
