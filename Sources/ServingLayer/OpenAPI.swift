enum OpenAPI { static let json = "{}" }
