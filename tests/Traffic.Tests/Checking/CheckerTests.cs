using System.Text;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>Plants each way to break the promise, and its innocent neighbour.</summary>
public class CheckerTests
{
    private const int Alice = 1;
    private const int Vera = 2;
    private readonly Ledger _ledger = new();
    private readonly Checker _checker;

    public CheckerTests() => _checker = new Checker(_ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 100 });

    [Fact]
    public void RowOlderThanTheClientsOwnWrite_IsCaught()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        var broken = Judge(Alice, Api.Asset("a-1"), """{"id":"a-1","version":1}""");
        Assert.Equal(BrokenKind.OwnWriteLost, broken?.Kind);
        Assert.Contains("version 1, acknowledged was 2", broken!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void RowOlderThanAWriteAcknowledgedToAnother_IsCaught()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":1}""")?.Kind);
    }

    [Fact]
    public void RowAsAcknowledgedOrNewer_Passes()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":2}"""));
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":3}"""));
    }

    [Fact]
    public void OldRowOfARequestThatBeganBeforeTheAcknowledgement_Passes()
    {
        var begin = _ledger.Begin();
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        Assert.Null(Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":1}""", begin: begin));
    }

    [Fact]
    public void AcknowledgementsThatArriveInAnotherOrder_CountByTheHighest()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":3}""");
        Acknowledge(Vera, Api.PatchAsset("a-1", "newer"), """{"id":"a-1","version":2}""");
        Assert.NotNull(Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":2}"""));
    }

    [Fact]
    public void NotModified_IsJudgedByTheBodyHeld()
    {
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        Assert.Equal(BrokenKind.OwnWriteLost, Judge(Alice, Api.Asset("a-1"), """{"id":"a-1","version":1}""", status: 304)?.Kind);
        Assert.Null(Judge(Alice, Api.Asset("a-1"), """{"id":"a-1","version":2}""", status: 304));
    }

    [Fact]
    public void NotModifiedToAClientThatHoldsNothing_IsCaught() =>
        Assert.Equal(BrokenKind.NothingHeld, Judge(Alice, Api.Asset("a-1"), body: null, status: 304)?.Kind);

    [Fact]
    public void ListWithAnOldRow_IsCaught()
    {
        Acknowledge(Alice, Api.PatchMapping("m-2", "approved"), """{"id":"m-2","version":5}""");
        var old = """{"version":9,"items":[{"id":"m-1","version":4},{"id":"m-2","name":{"id":"x"},"version":4}]}""";
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Mappings("i-1"), old)?.Kind);
        Assert.Null(Judge(Vera, Api.Mappings("i-1"), old.Replace("\"version\":4}]", "\"version\":5}]", StringComparison.Ordinal)));
    }

    [Fact]
    public void BulkWrite_CountsForEachOfItsRows()
    {
        Acknowledge(Alice, Api.Approve("i-1", ["m-1", "m-2"]), """{"count":2,"version":3,"items":[{"id":"m-1","version":2},{"id":"m-2","version":3}]}""");
        Assert.NotNull(Judge(Vera, Api.Mappings("i-1"), """{"version":9,"items":[{"id":"m-2","version":2}]}"""));
        Assert.NotNull(Judge(Vera, Api.Mappings("i-1"), """{"version":9,"items":[{"id":"m-1","version":1}]}"""));
        Assert.Null(Judge(Vera, Api.Mappings("i-1"), """{"version":9,"items":[{"id":"m-1","version":2},{"id":"m-2","version":3}]}"""));
    }

    [Fact]
    public void CreatedRowThatACompleteListLacks_IsCaught()
    {
        Acknowledge(Alice, Api.ImportCsv("e-1", "name"), """{"id":"i-9","version":1}""");
        var list = """{"version":9,"items":[{"id":"i-1","version":4}]}""";
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Imports, list)?.Kind);
        Assert.Null(Judge(Vera, Api.Imports, """{"version":9,"items":[{"id":"i-1","version":4},{"id":"i-9","version":1}]}"""));
    }

    [Fact]
    public void CreatedRowThatAPageOfAListLacks_Passes()
    {
        Acknowledge(Alice, Api.ImportCsv("e-1", "name"), """{"id":"i-9","version":1}""");
        Assert.Null(Judge(Vera, Api.Imports, """{"version":9,"total":2,"items":[{"id":"i-1","version":4}]}"""));
    }

    [Fact]
    public void DashboardThatLacksAnAcknowledgedChange_IsCaught()
    {
        _ledger.Start("acme", [new(RowType.Asset, "a-1", 1), new(RowType.Mapping, "m-1", 1), new(RowType.Mapping, "m-2", 2)]);
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":2}""");
        Acknowledge(Vera, Api.Approve("i-1", ["m-1", "m-2"]), """{"items":[{"id":"m-1","version":2},{"id":"m-2","version":3}]}""");
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Dashboard, """{"tenant":"acme","version":102}""")?.Kind);
        Assert.Null(Judge(Vera, Api.Dashboard, """{"tenant":"acme","version":103}"""));
    }

    [Fact]
    public void WriteThatChangedNothing_AddsNothingToTheDashboard()
    {
        _ledger.Start("acme", [new RowVersion(RowType.Asset, "a-1", 2)]);
        Acknowledge(Alice, Api.PatchAsset("a-1", "same"), """{"id":"a-1","version":2}""");
        Assert.Null(Judge(Vera, Api.Dashboard, """{"tenant":"acme","version":100}"""));
        Acknowledge(Alice, Api.PatchAsset("a-1", "new"), """{"id":"a-1","version":3}""");
        Assert.NotNull(Judge(Vera, Api.Dashboard, """{"tenant":"acme","version":100}"""));
    }

    [Fact]
    public void RowOlderThanAtTheStart_IsCaught()
    {
        _ledger.Start("acme", [new RowVersion(RowType.Asset, "a-1", 2)]);
        Assert.NotNull(Judge(Vera, Api.Asset("a-1"), """{"id":"a-1","version":1}"""));
    }

    [Fact]
    public void WriteRefusedForAConflict_IsNoWrite()
    {
        Assert.Null(_checker.Acknowledge(AnswerOf(Alice, Api.PatchAsset("a-1", "new"), null, 0, 409)));
        Assert.Null(Judge(Alice, Api.Asset("a-1"), """{"id":"a-1","version":1}"""));
    }

    [Fact]
    public void ContextWithAnOldRole_IsCaught()
    {
        Acknowledge(Alice, Api.ChangeRole(Worlds.Viewer.Id, "editor"), """{"id":"u-2","version":2,"role":"editor"}""");
        Assert.NotNull(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":1,"role":"viewer"}"""));
        Assert.Equal(BrokenKind.WrongRole, Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":2,"role":"viewer"}""")?.Kind);
        Assert.Null(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":2,"role":"editor"}"""));
        Assert.Null(Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-2","version":3,"role":"viewer"}"""));
    }

    [Fact]
    public void ContextOfAnotherUser_IsCaught() =>
        Assert.Equal(BrokenKind.WrongRow, Judge(Vera, Api.Context, """{"tenant":"acme","id":"u-1","version":1,"role":"admin"}""")?.Kind);

    [Fact]
    public void ContentOfAnotherTenant_IsCaught() =>
        Assert.Equal(BrokenKind.WrongTenant, Judge(Vera, Api.Dashboard, """{"tenant":"globex","version":200}""")?.Kind);

    [Fact]
    public void SameIdOfAnotherTenant_IsAnotherRow()
    {
        _ledger.Acknowledge(Alice, "globex", Content.Read(Api.Import("i-1"), """{"id":"i-1","version":7}"""u8));
        Assert.Null(Judge(Vera, Api.Import("i-1"), """{"id":"i-1","version":1}"""));
    }

    [Fact]
    public void RowWhoseIdDiffersOnlyInCase_IsCaught() =>
        Assert.Equal(BrokenKind.WrongRow, Judge(Vera, Api.Import("I-1"), """{"id":"i-1","version":1}""")?.Kind);

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(404)]
    public void Failure_IsCaught(int status)
    {
        Assert.Equal(BrokenKind.Failed, Judge(Vera, Api.Asset("a-1"), body: null, status: status)?.Kind);
        Assert.Equal(BrokenKind.Failed, _checker.Acknowledge(AnswerOf(Alice, Api.PatchAsset("a-1", "new"), null, 0, status))?.Kind);
    }

    [Fact]
    public void ReferenceData_NeedsNoVersion() => Assert.Null(Judge(Vera, Api.Countries("en"), """{"items":[{"code":"SK"}]}"""));

    private void Acknowledge(int client, Call write, string body) =>
        Assert.Null(_checker.Acknowledge(AnswerOf(client, write, body, _ledger.Begin(), 200)));

    private Broken? Judge(int client, Call call, string? body, int status = 200, long? begin = null) =>
        _checker.Judge(AnswerOf(client, call, body, begin ?? _ledger.Begin(), status));

    private static Answer AnswerOf(int client, Call call, string? body, long begin, int status) =>
        new(client, client == Alice ? Worlds.Admin : Worlds.Viewer, call, begin, status,
            body is null ? null : Content.Read(call, Encoding.UTF8.GetBytes(body)));
}
