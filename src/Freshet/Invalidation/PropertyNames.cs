using System.Linq.Expressions;

namespace Freshet.Invalidation;

/// <summary>Reads the property names from <c>x => x.Id</c> and <c>x => new { x.TenantId, x.Id }</c>.</summary>
internal static class PropertyNames
{
    public static IReadOnlyList<string> Of<T>(Expression<Func<T, object?>> expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var body = expression.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : expression.Body;
        return body is NewExpression { Members: not null } anonymous
            ? [.. anonymous.Arguments.Select(a => Name(a, expression))]
            : [Name(body, expression)];
    }

    private static string Name(Expression part, LambdaExpression expression) =>
        part is MemberExpression { Member: var member, Expression: var of } && of == expression.Parameters[0]
            ? member.Name
            : throw new ArgumentException($"'{expression}' does not name properties of {expression.Parameters[0].Type.Name}.", nameof(expression));
}
