using System.Data;
using System.Data.Common;
using System.Globalization;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>
/// Judges guards by the values of one execution, as the database will: three-valued, and never surer than the database's own rules
/// for types and comparisons allow. Pure.
/// </summary>
/// <remarks>
/// A truth is the set of the truth values that the database may come to. What depends on a collation, on a conversion or on a setting
/// of the connection may be all three, and then nothing is concluded.
/// </remarks>
internal readonly struct GuardTruth
{
    private readonly SqlDialect _dialect;
    private readonly DbParameterCollection _parameters;

    private GuardTruth(SqlDialect dialect, DbParameterCollection parameters)
    {
        _dialect = dialect;
        _parameters = parameters;
    }

    [Flags]
    internal enum Truths : byte
    {
        None = 0,
        True = 1,
        False = 2,
        Null = 4,
        NotNull = True | False,
        Any = True | False | Null,
    }

    private enum Kind : byte
    {
        /// <summary>It may be anything.</summary>
        Any,

        /// <summary>It is not null; more is not known.</summary>
        NotNull,
        Null,
        Boolean,
        Integer,
        Text,
    }

    private readonly record struct Value(Kind Kind, long Number = 0, string? Text = null)
    {
        public bool IsNumber => Kind is Kind.Boolean or Kind.Integer;
    }

    public static GuardOutcomes Of(IReadOnlyList<SqlGuard> guards, SqlDialect dialect, DbParameterCollection parameters)
    {
        var outcomes = default(GuardOutcomes);
        for (var i = 0; i < guards.Count; i++)
        {
            outcomes = Of(guards[i], dialect, parameters) switch
            {
                Truths.True => outcomes.With(i, GuardOutcome.Holds),
                var truths when !Has(truths, Truths.True) => outcomes.With(i, GuardOutcome.Fails),
                _ => outcomes,
            };
        }

        return outcomes;
    }

    public static Truths Of(SqlGuard guard, SqlDialect dialect, DbParameterCollection parameters) => new GuardTruth(dialect, parameters).TruthOf(guard);

    /// <summary>Whether a comparison with null is null whatever the settings of the connection.</summary>
    private bool NullIsNull => _dialect is SqlDialect.Sqlite or SqlDialect.PostgreSql;

    private Truths TruthOf(SqlGuard guard)
    {
        switch (guard)
        {
            case SqlGuard.Not not:
                return Not(TruthOf(not.Of));
            case SqlGuard.Is test:
                var asked = Test(test.Of, test.Test);
                return test.IsNot ? Not(asked) : asked;
            case SqlGuard.Comparison comparison:
                var equal = Equal(comparison.Left, comparison.Right);
                return comparison.IsEqual ? equal : Not(equal);
            case SqlGuard.Several several:
                // NOT (NOT a AND NOT b) is a OR b, with three values as well.
                var all = Truths.True;
                foreach (var part in several.Of)
                    all = And(all, several.IsAnd ? TruthOf(part) : Not(TruthOf(part)));
                return several.IsAnd ? all : Not(all);
            default:
                return AsCondition(ValueOf(guard));
        }
    }

    private static Truths Not(Truths truths) =>
        (truths & Truths.Null) | When(Has(truths, Truths.True), Truths.False) | When(Has(truths, Truths.False), Truths.True);

    private static Truths And(Truths left, Truths right)
    {
        const Truths notFalse = Truths.True | Truths.Null;
        return ((left | right) & Truths.False)
            | (left & right & Truths.True)
            | When((Has(left, Truths.Null) && Has(right, notFalse)) || (Has(right, Truths.Null) && Has(left, notFalse)), Truths.Null);
    }

    private static bool Has(Truths truths, Truths any) => (truths & any) != Truths.None;

    private static Truths When(bool condition, Truths truths) => condition ? truths : Truths.None;

    private Truths Test(SqlGuard of, SqlTest test)
    {
        if (test is SqlTest.Null)
            return ValueOf(of).Kind switch { Kind.Null => Truths.True, Kind.Any => Truths.NotNull, _ => Truths.False };
        if (!NullIsNull)
            return Truths.NotNull;
        var (yes, no) = test is SqlTest.True ? (Truths.True, Truths.False | Truths.Null) : (Truths.False, Truths.True | Truths.Null);
        var truths = TruthOf(of);
        return When(Has(truths, yes), Truths.True) | When(Has(truths, no), Truths.False);
    }

    private Truths Equal(SqlGuard leftGuard, SqlGuard rightGuard)
    {
        var (left, right) = (ValueOf(leftGuard), ValueOf(rightGuard));
        if (left.Kind is Kind.Null || right.Kind is Kind.Null)
        {
            // PostgreSQL can be told to take = NULL for IS NULL, and SQL Server to find nulls equal.
            var isWord = _dialect is not SqlDialect.Sqlite && (IsNull(leftGuard) || IsNull(rightGuard));
            return NullIsNull && !isWord ? Truths.Null : Truths.Any;
        }

        if (left.Kind is Kind.Any || right.Kind is Kind.Any)
            return Truths.Any;
        if (left.IsNumber && right.IsNumber && (left.Kind == right.Kind || _dialect is SqlDialect.Sqlite or SqlDialect.SqlServer))
            return Is(left.Number == right.Number);
        // Without a column there is no collation but the exact one.
        if (_dialect is SqlDialect.Sqlite && left.Text is { } one && right.Text is { } other && IsPlain(one) && IsPlain(other))
            return Is(string.Equals(one, other, StringComparison.Ordinal));
        return Truths.NotNull;
    }

    private Truths AsCondition(Value value) => value.Kind switch
    {
        Kind.Null => Truths.Null,
        Kind.Boolean => Is(value.Number != 0),
        Kind.Integer when _dialect is SqlDialect.Sqlite or SqlDialect.Other => Is(value.Number != 0),
        Kind.Any => Truths.Any,
        _ => Truths.NotNull,
    };

    private Value ValueOf(SqlGuard guard)
    {
        switch (guard)
        {
            case SqlGuard.Operand { Token.Kind: SqlTokenKind.Parameter } parameter:
                return Parameter(parameter.Token.Text);
            case SqlGuard.Operand operand:
                return Constant(operand);
            case SqlGuard.Cast cast:
                return Cast(ValueOf(cast.Value), cast.Type);
            default:
                return TruthOf(guard) switch
                {
                    Truths.True => new Value(Kind.Boolean, 1),
                    Truths.False => new Value(Kind.Boolean),
                    Truths.Null => new Value(Kind.Null),
                    var truths => new Value(Has(truths, Truths.Null) ? Kind.Any : Kind.NotNull),
                };
        }
    }

    private Value Constant(SqlGuard.Operand operand)
    {
        var token = operand.Token;
        if (token.Kind is SqlTokenKind.Number)
        {
            if (long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return new Value(Kind.Integer, operand.IsNegative ? -number : number);
            return new Value(char.IsAsciiDigit(token.Text[0]) ? Kind.NotNull : Kind.Any);
        }

        if (token.Kind is SqlTokenKind.Text)
            return Text(token.Text);
        if (token.Is("NULL"))
            return new Value(Kind.Null);
        // Elsewhere it may be a column.
        return NullIsNull ? new Value(Kind.Boolean, token.Is("TRUE") ? 1 : 0) : new Value(Kind.Any);
    }

    // Oracle takes the empty string for null.
    private Value Text(string text) => text.Length == 0 && _dialect is SqlDialect.Other ? new Value(Kind.Any) : new Value(Kind.Text, Text: text);

    private Value Parameter(string name)
    {
        if (PinnedValues.Find(_parameters, name) is not { Direction: ParameterDirection.Input } parameter)
            return new Value(Kind.Any);
        switch (parameter.Value)
        {
            case DBNull:
                return new Value(Kind.Null);
            case bool flag:
                return IsSentAs(parameter, isNumber: false) ? new Value(Kind.Boolean, flag ? 1 : 0) : new Value(Kind.NotNull);
            case sbyte or byte or short or ushort or int or uint or long:
                return IsSentAs(parameter, isNumber: true)
                    ? new Value(Kind.Integer, Convert.ToInt64(parameter.Value, CultureInfo.InvariantCulture))
                    : new Value(Kind.NotNull);
            case string text:
                return parameter.Size > 0 && parameter.Size < text.Length ? new Value(Kind.Any) : Text(text);
            // Not a number is null in SQLite, and so may an empty array be.
            case double.NaN or float.NaN or byte[] { Length: 0 }:
                return new Value(Kind.Any);
            case double or float or decimal or ulong or char or Guid or DateTime or DateTimeOffset or DateOnly or TimeOnly or TimeSpan or byte[]:
                return new Value(Kind.NotNull);
            default:
                return new Value(Kind.Any);
        }
    }

    // SQLite goes by the value alone, and so does PostgreSQL when no type is named. A parameter of another type than its value is converted.
    private bool IsSentAs(DbParameter parameter, bool isNumber)
    {
        if (_dialect is SqlDialect.Sqlite || (_dialect is SqlDialect.PostgreSql && parameter.DbType is DbType.Object))
            return true;
        return isNumber
            ? parameter.DbType is DbType.SByte or DbType.Byte or DbType.Int16 or DbType.UInt16 or DbType.Int32 or DbType.UInt32 or DbType.Int64
            : parameter.DbType is DbType.Boolean;
    }

    private Value Cast(Value value, string type)
    {
        var isFlag = type is "BOOLEAN" or "BOOL" or "BIT";
        var isNumber = type is "INT" or "INTEGER" or "INT4" or "BIGINT" or "INT8" or "SMALLINT" or "INT2";
        // A cast of another name may be somebody's own, and that of an unknown database may end with null.
        if (_dialect is SqlDialect.Other || !(isFlag || isNumber || type is "TEXT" or "VARCHAR" or "UUID" or "UNIQUEIDENTIFIER" or "DATE"))
            return new Value(Kind.Any);
        if (value.Kind is Kind.Null or Kind.Any)
            return value;
        if (!value.IsNumber || !(isFlag || isNumber))
            return new Value(Kind.NotNull);
        return _dialect switch
        {
            SqlDialect.Sqlite => value,
            SqlDialect.PostgreSql when type is "BIT" => new Value(Kind.NotNull),
            _ when isFlag => new Value(Kind.Boolean, value.Number == 0 ? 0 : 1),
            _ => new Value(Kind.Integer, value.Number),
        };
    }

    private static bool IsNull(SqlGuard guard) => guard is SqlGuard.Operand { Token: var token } && token.Is("NULL");

    private static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static Truths Is(bool truth) => truth ? Truths.True : Truths.False;
}
