using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>Lists: the rows asked for, all of them, none older than acknowledged.</summary>
public class ListTests : PlantedTests
{
    [Fact]
    public void ListWithAnOldRow_IsCaught()
    {
        Acknowledge(Alice, Api.PatchMapping("m-2", "approved"), Mapping("m-2", 5));
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 4), Mapping("m-2", 4)))?.Kind);
        Assert.Null(Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 4), Mapping("m-2", 5))));
    }

    [Fact]
    public void NestedObjectsOfAnItem_AreNotTheItem()
    {
        Acknowledge(Alice, Api.RenameEngagement("e-1", "new", "active"), Row("e-1", 2));
        var item = """{"version":2,"id":"e-1","tenant":"acme","name":"new","client":{"version":1,"id":"c-1","tenant":"globex"}}""";
        Assert.Null(Judge(Vera, Api.Engagements, List(item)));
    }

    [Fact]
    public void BulkWrite_CountsForEachOfItsRows()
    {
        Acknowledge(Alice, Api.Approve("i-1", ["m-1", "m-2"]), List(Mapping("m-1", 2), Mapping("m-2", 3)));
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 2), Mapping("m-2", 2)))?.Kind);
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 1), Mapping("m-2", 3)))?.Kind);
        Assert.Null(Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 2), Mapping("m-2", 3))));
    }

    [Fact]
    public void AcknowledgedRowThatAListLacks_IsCaught()
    {
        Acknowledge(Alice, Api.ImportCsv("e-1", "name"), """{"id":"i-9","version":1,"tenant":"acme","engagementId":"e-1"}""");
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Imports, List(Row("i-1", 4)))?.Kind);
        Assert.Null(Judge(Vera, Api.Imports, List(Row("i-1", 4), Row("i-9", 1))));
    }

    [Fact]
    public void MappingOfTheImportThatItsListLacks_IsCaught_AndOneOfAnotherImportIsNotMissed()
    {
        Ledger.Start("acme", [Known(RowType.Mapping, "m-1", import: "i-1"), Known(RowType.Mapping, "m-2", import: "i-2")]);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-3", 1)))?.Kind);
        Assert.Null(Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 1))));
    }

    [Fact]
    public void MappingOfAnotherImport_IsCaught() =>
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 1), Mapping("m-4", 1, "I-1")))?.Kind);

    [Fact]
    public void BulkWriteOfAnotherImport_IsCaught() =>
        Assert.Equal(
            BrokenKind.WrongList,
            Checker.Acknowledge(AnswerOf(Alice, Api.Approve("i-1", ["m-1"]), List(Mapping("m-1", 2, "i-2")), 0, 200))?.Kind);

    [Fact]
    public void AssetOfAnotherEngagementOrOfNone_IsCaught()
    {
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Assets("e-1", 1, 3), Page(1, 3, 1, Asset("a-1", "x", "e-2")))?.Kind);
        var none = """{"id":"a-1","version":1,"tenant":"acme","name":"x"}""";
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Assets("e-1", 1, 3), Page(1, 3, 1, none))?.Kind);
    }

    [Fact]
    public void SameRowTwice_IsCaught() =>
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Imports, List(Row("i-1", 1), Row("i-1", 1)))?.Kind);

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void PageOrSizeThatWasNotAskedFor_IsCaught(int page, int size) =>
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Assets("e-1", 2, 3), Page(page, size, 0))?.Kind);

    [Fact]
    public void PageThatDoesNotSayWhichItIs_IsCaught() =>
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, Api.Assets("e-1", 1, 3), List(Asset("a-1", "x")))?.Kind);

    [Fact]
    public void PageWithTooFewOrTooManyRows_IsCaught()
    {
        var call = Api.Assets("e-1", 2, 2);
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, call, Page(2, 2, 5, Asset("a-3", "c")))?.Kind);
        Assert.Equal(
            BrokenKind.WrongList,
            Judge(Vera, call, Page(2, 2, 5, Asset("a-3", "c"), Asset("a-4", "d"), Asset("a-5", "e")))?.Kind);
        Assert.Null(Judge(Vera, call, Page(2, 2, 5, Asset("a-3", "c"), Asset("a-4", "d"))));
        Assert.Null(Judge(Vera, call, Page(2, 2, 3, Asset("a-3", "c"))));
    }

    [Fact]
    public void PageThatGrewAfterItWasCounted_Passes() =>
        Assert.Null(Judge(Vera, Api.Assets("e-1", 1, 3), Page(1, 3, 1, Asset("a-1", "a"), Asset("a-2", "b"))));

    [Fact]
    public void PageInAnotherOrder_IsCaught()
    {
        var call = Api.Assets("e-1", 1, 3);
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, call, Page(1, 3, 2, Asset("a-1", "b"), Asset("a-2", "B")))?.Kind);
        Assert.Equal(BrokenKind.WrongList, Judge(Vera, call, Page(1, 3, 2, Asset("a-2", "b"), Asset("a-1", "b")))?.Kind);
        Assert.Null(Judge(Vera, call, Page(1, 3, 3, Asset("a-2", "B"), Asset("a-1", "b"), Asset("a-3", "b"))));
    }

    [Fact]
    public void AcknowledgedRowThatAFullPageLacks_Passes_AndOneThatTheOnlyPageLacksIsCaught()
    {
        Ledger.Start("acme", [Known(RowType.Asset, "a-9", engagement: "e-1")]);
        Assert.Null(Judge(Vera, Api.Assets("e-1", 1, 2), Page(1, 2, 3, Asset("a-1", "a"), Asset("a-2", "b"))));
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Assets("e-1", 1, 2), Page(1, 2, 1, Asset("a-1", "a")))?.Kind);
    }

    [Fact]
    public void TotalBelowWhatThereWas_IsCaught()
    {
        Ledger.Start("acme", [Known(RowType.Asset, "a-1", engagement: "e-1"), Known(RowType.Asset, "a-2", engagement: "e-1")]);
        Assert.Equal(BrokenKind.RowMissing, Judge(Vera, Api.Assets("e-1", 1, 1), Page(1, 1, 1, Asset("a-1", "a")))?.Kind);
        Assert.Null(Judge(Vera, Api.Assets("e-1", 1, 1), Page(1, 1, 2, Asset("a-1", "a"))));
    }
}
